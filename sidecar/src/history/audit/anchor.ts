import * as fs from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '../../files.ts';
import type { FileCalls } from '../durability/wholeFile.ts';
import { replaceFile } from '../durability/wholeFile.ts';
import type { Link } from './line.ts';
import { ORIGIN } from './line.ts';

const Anchor = z.strictObject({
  sequence: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** @returns the last entry that was deleted for its age; undefined: the file cannot be read. */
export async function readAnchor(path: string): Promise<Link | undefined> {
  try {
    return Anchor.parse(JSON.parse(await fs.readFile(path, 'utf8')));
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? ORIGIN : undefined;
  }
}

export const writeAnchor = (
  path: string,
  { sequence, hash }: Link,
  files: FileCalls
): Promise<void> =>
  replaceFile(path, Buffer.from(`${JSON.stringify({ sequence, hash })}\n`), files);
