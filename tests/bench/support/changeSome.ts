import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Appends a line to so many of the files below a directory, spread over all of it. @param share from 0 to 1 */
export function changeSome(directory: string, share: number): void {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry =>
    entry.isFile()
  );
  const step = Math.max(1, Math.round(1 / share));
  for (let at = 0; at < files.length; at += step) {
    const file = files[at];
    if (file) appendFileSync(join(file.parentPath, file.name), `changed at ${Date.now()}\n`);
  }
}
