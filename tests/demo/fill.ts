import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILES = 12;

/** Puts ordinary files into a volume: folders, text that compresses, noise that does not, a link. */
export async function fill(directory: string, bytes: number): Promise<void> {
  const folder = join(directory, '2026', '11');
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(directory, 'README.txt'),
    'These are real files: a backup of them is, too.\n'
  );
  const noise = randomBytes(Math.min(bytes / FILES, 16e6));
  for (let index = 0; index < FILES; index += 1) {
    const size = Math.ceil(bytes / FILES);
    const content = Buffer.alloc(size, index % 3 ? noise : `row ${index}: one more line of text\n`);
    await writeFile(join(folder, `part-${String(index).padStart(3, '0')}.dat`), content);
  }
  const latest = join(directory, 'latest');
  if (!existsSync(latest)) await symlink('2026/11', latest);
}
