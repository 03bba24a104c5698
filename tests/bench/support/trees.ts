import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Contents of a volume that a bench backs up. */
export interface Tree {
  /** For people. */
  says: string;
  files: number;
  bytes: number;
  /** Fills an empty directory. */
  make(directory: string): void;
}

const FOLDERS = 1_200;
const NOISE = randomBytes(4_000_000);
const WORDS = Buffer.from(
  'a line of text that compresses well, as most text does\n'.repeat(80_000)
);

/** @returns files of the sizes that `bytesOf` gives, in 1,200 directories; of 100, 42 hold noise. */
function treeOf(says: string, files: number, bytesOf: (at: number) => number): Tree {
  let bytes = 0;
  for (let at = 0; at < files; at += 1) bytes += bytesOf(at);
  return {
    ...{ says, files, bytes },
    make(directory) {
      for (let at = 0; at < files; at += 1) {
        const folder = join(directory, `${at % 40}`, `${Math.floor(at / 40) % 30}`);
        if (at < FOLDERS) mkdirSync(folder, { recursive: true });
        const from = (at * 7919) % 1_000_000;
        const contents = at % 100 < 42 ? NOISE : WORDS;
        writeFileSync(join(folder, `file-${at}`), contents.subarray(from, from + bytesOf(at)));
      }
    },
  };
}

/** One file of 50 is 50 times as big as the others. */
const mixedSize = (files: number, bytes: number) => (at: number) =>
  Math.round((bytes / files) * (at % 50 === 0 ? 25 : 0.51));

/** The trees, by their names on the command line. */
export const TREES: Record<string, Tree> = {
  mixed: treeOf('1.9 GB in 53,000 files of many sizes', 53_000, mixedSize(53_000, 1.9e9)),
  half: treeOf('0.5 GB in 14,000 files of many sizes', 14_000, mixedSize(14_000, 0.5e9)),
  megabytes: treeOf('10,625 files of 1 MB', 10_625, () => 1_000_000),
  small: treeOf('900,000 files of 100 B', 900_000, () => 100),
  empty: treeOf('4,000,000 empty files', 4_000_000, () => 0),
};
