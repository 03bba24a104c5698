import type { Database } from 'sql.js';
import { z } from 'zod';
import { StageError } from '../errors.ts';
import type { JournalFile, JournalHeader } from './journalFiles.ts';
import { headerOf, JOURNAL_FORMAT, linesOf } from './journalFiles.ts';
import type { JournalRecord } from './journalRecord.ts';
import { readRecord } from './journalRecord.ts';
import type { JournalState } from './journalState.ts';
import { journalState, setHistory, setSequence } from './journalState.ts';
import { inTransaction, putRows } from './putRow.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from './schema.ts';

/** What became of a journal. */
export interface Replayed {
  /** How many records came into the table. */
  records: number;
  /** At least so many are lost, as their numbers show. */
  missing: number;
  /** Files that hold something which could not be read. */
  damaged: string[];
  /** Files that belong to another history; nothing of them was read. */
  foreign: string[];
}

const Rows = z.array(
  z.record(z.string().regex(/^\w+$/), z.union([z.string(), z.number(), z.null()]))
);

/**
 * Brings into a database what its journal has more than it. Records that it holds already are passed over. A last
 * record that was cut off was acknowledged to nobody, and counts for nothing.
 * @param files oldest first
 * @param isNew the database was made just now: it becomes the one that the journal belongs to
 * @throws StageError `HistoryTooNew`
 */
export async function replay(
  db: Database,
  files: readonly JournalFile[],
  isNew: boolean
): Promise<Replayed> {
  const headers = new Map<JournalFile, JournalHeader | undefined>();
  for (const file of files) headers.set(file, await headerOf(file));
  const state = prepare(db, headers, isNew);
  // A file whose first line is damaged lies beside ours: its records count, and say what they are.
  const isOurs = (file: JournalFile) =>
    state !== undefined && (headers.get(file)?.history ?? state.history) === state.history;
  const ours = files.filter(isOurs);

  const first = (state?.sequence ?? 0) + 1;
  const seen: Replayed = {
    records: 0,
    missing: Math.max(0, (ours[0]?.first ?? first) - first),
    damaged: [],
    foreign: files.filter(file => !isOurs(file)).map(({ path }) => path),
  };
  let expected = Math.max(first, ours[0]?.first ?? first);
  for (const [index, file] of ours.entries()) {
    const before = seen.missing;
    const end = ours[index + 1]?.first;
    expected = await replayFile(db, file, { expected, end }, seen);
    if (seen.missing > before) seen.damaged.push(file.path);
  }
  return seen;
}

/** Makes the database fit its journal. @returns which journal it now takes, and from where on. */
function prepare(
  db: Database,
  headers: ReadonlyMap<JournalFile, JournalHeader | undefined>,
  isNew: boolean
): JournalState | undefined {
  for (const [file, header] of headers) refuseNewer(file, header);
  const known = [...headers.values()].filter(header => header !== undefined);
  const newest = known.at(-1);
  if (newest) migrate(db, Math.max(schemaVersion(db), newest.schema));
  if (newest && isNew) setHistory(db, newest.history);
  return journalState(db);
}

/**
 * @param range `expected` is the record that comes next; from `end` on, the next file has them: what this one holds of
 *   them was refused
 * @returns the record that the next file should begin with
 */
async function replayFile(
  db: Database,
  file: JournalFile,
  range: { expected: number; end?: number },
  seen: Replayed
): Promise<number> {
  let { expected } = range;
  const { end = Infinity } = range;
  // A file gets its name when its first line is on disk.
  let isBad = true;
  for await (const line of linesOf(file.path)) {
    const record = readRecord(line);
    isBad = record === undefined;
    if (!record || !Array.isArray(record.value) || record.sequence < expected) continue;
    if (record.sequence >= end) break;
    seen.missing += record.sequence - expected;
    expected = record.sequence + 1;
    if (takeOver(db, record)) seen.records += 1;
    else seen.missing += 1;
  }
  if (end !== Infinity) seen.missing += Math.max(0, end - expected);
  else if (isBad) seen.missing += 1;
  return end === Infinity ? expected : Math.max(end, expected);
}

/** @returns whether its rows fit into the table. */
function takeOver(db: Database, { sequence, value }: JournalRecord): boolean {
  try {
    inTransaction(db, () => {
      putRows(db, Rows.parse(value));
      setSequence(db, sequence);
    });
    return true;
  } catch {
    return false;
  }
}

function refuseNewer({ path }: JournalFile, header: JournalHeader | undefined): void {
  if (!header || (header.format <= JOURNAL_FORMAT && header.schema <= SCHEMA_VERSION)) return;
  throw new StageError(
    'queue',
    'HistoryTooNew',
    `journal ${path} of the history has format ${header.format} and schema version ${header.schema}; this NKVM knows up to ${JOURNAL_FORMAT} and ${SCHEMA_VERSION}`,
    'run the NKVM that wrote it or a later one',
    'needs-action'
  );
}
