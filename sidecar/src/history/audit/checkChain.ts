import * as fs from 'node:fs/promises';
import { basename } from 'node:path';
import type { AuditBreak, AuditEntry } from '../../../api/index.ts';
import { textOf } from '../../errors.ts';
import type { Link } from './line.ts';
import { hashOf, ORIGIN, placeOf } from './line.ts';
import type { Segment } from './segments.ts';
import { splitLines } from './segments.ts';

/** An audit log as it lies on disk, and as its writer knows it. */
export interface Chain {
  segments: readonly Segment[];
  /** Bytes of the newest segment that are acknowledged; undefined: all. */
  lastBytes?: number | undefined;
  /** Undefined: it cannot be read. */
  anchor: Link | undefined;
  /** Undefined: there is none that can be read. */
  head: Link | undefined;
  /** The last entry that was written, where that is known. */
  written?: Link | undefined;
}

export interface Checked {
  broken: AuditBreak | null;
  entries: number;
  first: number;
  last: Link;
  /** Entries `begun` that have no `ended`. */
  unended: AuditEntry[];
}

const PRUNE = '"action":"audit.prune"';

/** Follows the chain from its anchor to its head. @returns the first place that is not as it was written, if there is one. */
export async function checkChain(chain: Chain): Promise<Checked> {
  const { segments, anchor, head, written } = chain;
  const start = anchor ?? ORIGIN;
  /** The entry before the next one. */
  let before = start;
  let entries = 0;
  let first = 0;
  let broken: AuditBreak | null = null;
  const begun = new Map<number, Buffer>();
  const prunes: Link[] = [];
  const found = (problem: AuditBreak['problem'], sequence: number, file: string, what: string) => {
    broken ??= { problem, sequence, file, message: what };
  };
  if (!anchor) found('anchor', 0, 'audit-anchor', 'the file of the anchor cannot be read');

  /** Whether a record of the last entries, the head or the writer's, has another entry at this place. */
  const isOther = (known: Link | undefined, { sequence, hash }: Link): boolean =>
    known?.sequence === sequence && known.hash !== hash;

  const take = (line: Buffer, file: string): void => {
    const place = placeOf(line);
    const expected = before.sequence + 1;
    if (!place) {
      found('unreadable', expected, file, `the line of entry ${expected} is not an entry`);
      before = { sequence: expected, hash: hashOf(line) };
      return;
    }
    const { sequence, previous } = place;
    if (sequence > expected)
      found('missing', expected, file, `entries ${expected} to ${sequence - 1} are missing`);
    else if (sequence < expected)
      found('order', sequence, file, `entry ${sequence} follows entry ${before.sequence}`);
    else if (previous !== before.hash)
      found('changed', before.sequence, file, `entry ${before.sequence} was changed`);
    before = { sequence, hash: hashOf(line) };
    entries += 1;
    first ||= sequence;
    if (isOther(head, before) || isOther(written, before))
      found('changed', sequence, file, `entry ${sequence} was changed`);
    if (place.phase === 'begun') begun.set(sequence, line);
    else if (place.begun !== null) begun.delete(place.begun);
    if (line.includes(PRUNE)) {
      const { pruned } = JSON.parse(line.toString()) as AuditEntry;
      if (pruned) prunes.push(pruned);
    }
  };

  for (const [at, { path, first: from }] of segments.entries()) {
    const next = segments[at + 1];
    // A deletion of old entries that a crash has cut short.
    if (next && next.first <= start.sequence + 1) continue;
    const file = basename(path);
    let bytes: Buffer;
    try {
      bytes = await fs.readFile(path);
    } catch (error) {
      found('unreadable', from, file, `the file cannot be read: ${textOf(error)}`);
      continue;
    }
    const { lines, rest } = splitLines(next ? bytes : bytes.subarray(0, chain.lastBytes));
    for (const line of lines) take(line, file);
    if (rest.length > 0) found('unreadable', before.sequence + 1, file, 'the last line has no end');
  }

  const file = basename(segments.at(-1)?.path ?? 'audit');
  const most = Math.max(head?.sequence ?? 0, written?.sequence ?? 0);
  if (before.sequence < most)
    found(
      'truncated',
      before.sequence + 1,
      file,
      `entries ${before.sequence + 1} to ${most} are missing at the end`
    );
  if (!head && entries > 0) found('truncated', before.sequence, file, 'the head is missing');
  const isAnchored = prunes.some(
    ({ sequence, hash }) => sequence === start.sequence && hash === start.hash
  );
  if (start.sequence > 0 && !isAnchored)
    found('anchor', start.sequence, 'audit-anchor', 'no entry says that those before were deleted');
  return {
    ...{ broken, entries, first, last: before },
    unended: [...begun.values()].map(line => JSON.parse(line.toString()) as AuditEntry),
  };
}
