import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @returns every file below a directory, with what is in it as bytes. Files that go away meanwhile are left out. */
export function filesBelow(directory: string): { path: string; bytes: Buffer }[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true }).flatMap(entry => {
    const path = join(entry.parentPath, entry.name);
    try {
      return statSync(path).isFile() ? [{ path, bytes: readFileSync(path) }] : [];
    } catch {
      return [];
    }
  });
}

/** Looks at the command lines and environments of processes of this machine again and again. */
export function watchProcesses(isWanted: (pid: number) => boolean = () => true) {
  const seen = new Map<string, string>();
  const look = (): void => {
    for (const pid of readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)) {
      if (pid === process.pid || !isWanted(pid)) continue;
      for (const file of ['cmdline', 'environ']) {
        try {
          seen.set(`${pid} ${file}`, readFileSync(`/proc/${pid}/${file}`, 'latin1'));
        } catch {
          // it has ended, or belongs to somebody else
        }
      }
    }
  };
  const timer = setInterval(look, 15);
  return {
    /** What was seen so far. */
    seen: () => {
      look();
      return [...seen].map(([what, text]) => ({ what, text }));
    },
    stop: () => clearInterval(timer),
  };
}
