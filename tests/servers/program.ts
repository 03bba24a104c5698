import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** @param program a name, looked up as a shell does, or an absolute path @returns whether it can be started. */
export function hasProgram(program: string): boolean {
  const paths = program.startsWith('/')
    ? [program]
    : (process.env.PATH ?? '').split(':').map(dir => join(dir, program));
  return paths.some(path => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
