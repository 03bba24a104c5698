import * as fs from 'node:fs/promises';
import type { AuditEntry, AuditEntryShown, AuditQuery } from '../../../api/index.ts';
import { AuditEntry as AuditEntrySchema } from '../../../api/index.ts';
import { codeOf } from '../../files.ts';
import { hashOf, placeOf } from './line.ts';
import type { Segment } from './segments.ts';
import { splitLines } from './segments.ts';

export type AuditFilter = Pick<
  AuditQuery,
  'from' | 'to' | 'who' | 'action' | 'namespace' | 'claim' | 'result'
>;

export interface AuditPage {
  entries: AuditEntryShown[];
  /** The sequence that the next page begins below; null: there is no older entry. */
  below: number | null;
}

/** How many lines one page looks at, so that a rare filter does not hold up everything else. */
const MOST_LINES = 20_000;

/** @returns whether an entry is what the filter asks for. */
export function matches(entry: AuditEntry, filter: AuditFilter): boolean {
  const { from, to, who, action, namespace, claim, result } = filter;
  const at = Date.parse(entry.at);
  return (
    (from === undefined || at >= Date.parse(from)) &&
    (to === undefined || at < Date.parse(to)) &&
    (who === undefined || (entry.actor.name ?? '').toLowerCase().includes(who.toLowerCase())) &&
    (action === undefined || entry.action === action || entry.action.startsWith(`${action}.`)) &&
    (result === undefined || entry.result === result) &&
    ((namespace === undefined && claim === undefined) ||
      entry.claims.some(
        each =>
          (namespace === undefined || each.namespace === namespace) &&
          (claim === undefined || each.name === claim)
      ))
  );
}

/**
 * Reads entries from the newest on. The ones before changes (`begun`) are left out: their results follow them.
 * @param below only entries with a smaller sequence
 * @throws what a failed system call threw
 */
export async function readEntries(
  segments: readonly Segment[],
  filter: AuditFilter,
  below: number,
  limit: number
): Promise<AuditPage> {
  const entries: AuditEntryShown[] = [];
  let looked = 0;
  for (const { path, first } of [...segments].reverse()) {
    if (first >= below) continue;
    for (const line of (await linesOf(path)).reverse()) {
      const place = placeOf(line);
      if (!place || place.sequence >= below || place.phase === 'begun') continue;
      looked += 1;
      const entry = parsed(line);
      if (entry && matches(entry, filter)) entries.push({ ...entry, hash: hashOf(line) });
      const isFull = entries.length >= limit || looked >= MOST_LINES;
      if (isFull) return { entries, below: place.sequence };
    }
  }
  return { entries, below: null };
}

/** A segment that was deleted for its age meanwhile has no lines. */
async function linesOf(path: string): Promise<Buffer[]> {
  try {
    return splitLines(await fs.readFile(path)).lines;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** @returns undefined for a line that a person has changed: the check names it. */
function parsed(line: Buffer): AuditEntry | undefined {
  try {
    return AuditEntrySchema.safeParse(JSON.parse(line.toString())).data;
  } catch {
    return undefined;
  }
}
