import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What commands would write into, or what is no part of a fresh checkout. */
const NOT_LINKED = /^(\.git|dist|backups|screenshots|\.results|.*\.(db|tar\.gz))$/;

/** Makes a directory look like the top of the repository for commands, without their files landing in the repository. */
export function linkTree(root: string, dir: string): void {
  for (const name of readdirSync(root))
    if (!NOT_LINKED.test(name)) symlinkSync(join(root, name), join(dir, name));
}
