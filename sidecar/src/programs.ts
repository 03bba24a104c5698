import type { ChildProcess } from 'node:child_process';

/** Where programs that NKVM starts are looked for: as in any process. Settings are read by main.ts alone. */
export const PROGRAM_PATH = process.env['PATH'];

/**
 * Ends a program that was started as a group of its own (`detached`), with all that it has started. Does nothing once the
 * program has ended: its id may be that of another group by then.
 */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended just now.
  }
}
