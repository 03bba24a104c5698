import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../files.ts';

/** One file of the audit log. It has the entries from `first` on, up to the `first` of the next. */
export interface Segment {
  path: string;
  first: number;
}

/** Files of the audit log beside the history file at `path`. */
export const auditPaths = (path: string) => ({
  dir: `${path}.audit`,
  /** Not in the directory: where that is deleted, the head tells. */
  head: `${path}.audit-head`,
  anchor: `${path}.audit-anchor`,
});

const NAME = /^(\d{16})\.jsonl$/;

export const segmentPath = (dir: string, first: number): string =>
  join(dir, `${String(first).padStart(16, '0')}.jsonl`);

/** @returns the segments in a directory, oldest first. */
export async function segmentsIn(dir: string): Promise<Segment[]> {
  let names: string[];
  try {
    names = await fs.readdir(dir);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap(name => {
      const first = Number(NAME.exec(name)?.[1]);
      return Number.isNaN(first) ? [] : [{ path: join(dir, name), first }];
    })
    .sort((a, b) => a.first - b.first);
}

/** @returns the lines of a segment without their line feeds, and the bytes behind the last line feed. */
export function splitLines(bytes: Buffer): { lines: Buffer[]; rest: Buffer } {
  const lines: Buffer[] = [];
  let at = 0;
  for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', at)) {
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return { lines, rest: bytes.subarray(at) };
}
