import type { Database } from 'sql.js';
import type { Copy } from '../../../api/index.ts';
import { RUN_KINDS, STATUSES } from '../../../api/index.ts';
import type { ClaimOf } from '../queries/claimHeads.ts';
import type { Entry } from '../queries/entries.ts';

/** A run as the table has it, with what decides whether it may leave. */
export interface Candidate extends ClaimOf {
  id: string;
  kind: (typeof RUN_KINDS)[number] | undefined;
  status: (typeof STATUSES)[number] | undefined;
  /** ISO-8601. */
  createdAt: string;
  endedAt: string | null;
  copies: Pick<Copy, 'state' | 'destination' | 'key'>[];
  /** A restore or a drill has read its archive. */
  isRead: boolean;
  /** The archive that it has read is still at a destination. */
  hasReadPresent: boolean;
  /** It is the newest restore of its target that succeeded. */
  isNewestRestore: boolean;
  /** An archive of its claim, as it was when the run was asked for, is at a destination. */
  hasPresentOfClaim: boolean;
}

/** The place of a candidate in the order in which they are looked at: the time of its request, then its id. */
export type After = readonly [createdAt: string, id: string];
export const FROM_THE_START: After = ['', ''];

const OF_SAME_CLAIM =
  'other.namespace = runs.namespace AND other.pvc_name = runs.pvc_name AND other.pvc_uid = runs.pvc_uid';

/** Each subquery uses an index; those on claims are for restores only, which are few. */
const SELECT = `SELECT id, kind, status, created_at, ended_at, pvc_uid, namespace, pvc_name, namespace_uid,
  (SELECT json_group_array(json_array(state, destination_id, key)) FROM copies WHERE run_id = runs.id),
  EXISTS (SELECT 1 FROM runs AS reader WHERE reader.details ->> 'backup' = runs.id
    AND reader.details IS NOT NULL AND reader.kind IN ('restore', 'drill')),
  iif(kind = 'backup', 0, EXISTS (SELECT 1 FROM copies WHERE run_id = runs.details ->> 'backup' AND state = 'present')),
  iif(kind = 'restore' AND status = 'success', NOT EXISTS (SELECT 1 FROM runs AS other WHERE ${OF_SAME_CLAIM}
    AND other.kind = 'restore' AND other.status = 'success' AND other.created_at > runs.created_at), 0),
  iif(kind = 'restore', EXISTS (SELECT 1 FROM runs AS other JOIN copies ON run_id = other.id
    WHERE ${OF_SAME_CLAIM} AND state = 'present'), 0)
  FROM runs WHERE (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`;

/** @returns the runs that come next, oldest first. */
export function candidates(db: Database, [createdAt, id]: After, limit: number): Candidate[] {
  const rows = db.exec(SELECT, [createdAt, id, limit])[0]?.values ?? [];
  return rows.map(row => ({
    id: String(row[0]),
    kind: RUN_KINDS.find(each => each === row[1]),
    status: STATUSES.find(each => each === row[2]),
    createdAt: String(row[3]),
    endedAt: row[4] === null || row[4] === undefined ? null : String(row[4]),
    uid: String(row[5]),
    namespace: String(row[6]),
    name: String(row[7]),
    namespaceUid: row[8] === null || row[8] === undefined ? null : String(row[8]),
    copies: copiesOf(row[9]),
    isRead: row[10] === 1,
    hasReadPresent: row[11] === 1,
    isNewestRestore: row[12] === 1,
    hasPresentOfClaim: row[13] === 1,
  }));
}

const copiesOf = (json: unknown): Candidate['copies'] =>
  (JSON.parse(String(json)) as [string, string, string][]).map(([state, destination, key]) => ({
    state: stateOf(state),
    destination,
    key,
  }));

/** A state that only a later version knows counts as present: its run stays. */
const stateOf = (state: string): Copy['state'] =>
  (['present', 'awaited', 'failed', 'missing', 'deleted'] as const).find(each => each === state) ??
  'present';

/** @returns how many runs, other than restores, have no archive that is present. */
export function countWithoutArchive(db: Database): number {
  const [[count] = []] =
    db.exec(`SELECT (SELECT count(*) FROM runs WHERE kind <> 'restore')
      - (SELECT count(DISTINCT run_id) FROM copies WHERE state = 'present')`)[0]?.values ?? [];
  return Number(count);
}

/** @returns the time of the newest request, ISO-8601, that is not after `latest`; undefined when there is none. */
export function newestRequest(db: Database, latest: string): string | undefined {
  const [[at] = []] =
    db.exec('SELECT max(created_at) FROM runs WHERE created_at <= ?', [latest])[0]?.values ?? [];
  return typeof at === 'string' ? at : undefined;
}

/** @returns the time of the newest run that was pruned, ISO-8601; null: none ever was. */
export function prunedUntil(db: Database): string | null {
  const [[until] = []] = db.exec('SELECT until FROM history_pruned')[0]?.values ?? [];
  return typeof until === 'string' ? until : null;
}

/** @returns what takes these runs out of the tables, and remembers until when. */
export function pruneEntries(
  db: Database,
  removed: readonly { id: string; createdAt: string }[]
): Entry[] {
  if (removed.length === 0) return [];
  const known = prunedUntil(db) ?? '';
  const until = removed.reduce((max, { createdAt }) => (createdAt > max ? createdAt : max), known);
  return [
    ...removed.flatMap(({ id }): Entry[] => [
      { table: 'copies', delete: { run_id: id } },
      { table: 'runs', delete: { id } },
    ]),
    { table: 'history_pruned', row: { one: 1, until } },
  ];
}
