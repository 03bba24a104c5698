/** Where programs that NKVM starts are looked for: as in any process. Settings are read by main.ts alone. */
export const PROGRAM_PATH = process.env['PATH'];
