/** @returns a time as objects have it. */
export const seconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');
