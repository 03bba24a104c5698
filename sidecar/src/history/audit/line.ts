import { createHash } from 'node:crypto';
import type { AuditEntry } from '../../../api/index.ts';

/** The contents of an entry, without its place in the chain. */
export type AuditFacts = Omit<AuditEntry, 'sequence' | 'previous'>;

/** An entry and its hash, as the next one names it. */
export interface Link {
  sequence: number;
  hash: string;
}

/** Before the first entry. */
export const ORIGIN: Link = { sequence: 0, hash: '0'.repeat(64) };

/** @returns the SHA-256 of a line, which is without its line feed. */
export const hashOf = (line: Uint8Array): string => createHash('sha256').update(line).digest('hex');

/**
 * Characters that move the cursor of a terminal, hide, or reverse the text behind them. JSON itself escapes only those
 * below U+0020.
 */
const UNSAFE =
  /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * @returns an entry as its line, without a line feed: JSON whose first keys are `sequence`, `previous`, `phase`, `begun`, so
 *   that a check need not parse the rest.
 */
export function lineOf(before: Link, facts: AuditFacts): Buffer {
  const { phase, begun, ...rest } = facts;
  const entry: AuditEntry = {
    ...{ sequence: before.sequence + 1, previous: before.hash, phase, begun },
    ...rest,
    previous: before.hash, // facts can be those of another entry
  };
  const text = JSON.stringify(entry).replace(
    UNSAFE,
    each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
  return Buffer.from(text);
}

/** The place of an entry in the chain. */
export interface Place {
  sequence: number;
  previous: string;
  phase: string;
  begun: number | null;
}

const PLACE =
  /^\{"sequence":(\d{1,16}),"previous":"([0-9a-f]{64})","phase":"(\w+)","begun":(null|\d{1,16}),/;
/** Longer than what `PLACE` matches. */
const PLACE_BYTES = 256;

/** @returns undefined for a line that is not an entry. */
export function placeOf(line: Buffer): Place | undefined {
  const [, sequence, previous, phase, begun] =
    PLACE.exec(line.toString('latin1', 0, PLACE_BYTES)) ?? [];
  if (!previous || !phase || line.at(-1) !== '}'.charCodeAt(0)) return undefined;
  return {
    ...{ sequence: Number(sequence), previous, phase },
    begun: begun === 'null' ? null : Number(begun),
  };
}
