import type { Database } from 'sql.js';
import { StageError } from '../../errors.ts';
import { EntryWriter, readEntries } from '../queries/entries.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from '../schema/schema.ts';
import { inTransaction } from '../schema/transaction.ts';
import type { JournalFile, JournalHeader } from './journalFiles.ts';
import { headerOf, JOURNAL_FORMAT, linesOf } from './journalFiles.ts';
import type { JournalRecord } from './journalRecord.ts';
import { readRecord } from './journalRecord.ts';
import type { JournalState } from './journalState.ts';
import { journalState, setHistory, setSequence } from './journalState.ts';

/** The result of reading a journal. */
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

/**
 * Makes the changes of a journal that its database does not have yet. A last record that was cut off had not been
 * acknowledged, so it is dropped. A database of an older schema is migrated when the first file of the later schema is
 * reached, because each record fits the schema of its file.
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
  // A file whose first line is damaged counts as one of this history, so that its records are replayed.
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
    migrateTo(db, headers.get(file));
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
  migrateTo(db, known[0]);
  const newest = known.at(-1);
  if (newest && isNew) setHistory(db, newest.history);
  return journalState(db);
}

const migrateTo = (db: Database, header: JournalHeader | undefined): void =>
  void migrate(db, Math.min(SCHEMA_VERSION, Math.max(schemaVersion(db), header?.schema ?? 0)));

/**
 * @param range `expected` is the record that comes next; the next file has those from `end` on, and if this one has
 *   some of them, too, their changes were refused
 * @returns the record that the next file should begin with
 */
async function replayFile(
  db: Database,
  file: JournalFile,
  range: { expected: number; end?: number | undefined },
  seen: Replayed
): Promise<number> {
  let { expected } = range;
  const { end = Infinity } = range;
  const writer = new EntryWriter(db);
  // A file gets its name when its first line is on disk.
  let isBad = true;
  for await (const line of linesOf(file.path)) {
    const record = readRecord(line);
    isBad = record === undefined;
    if (!record || !Array.isArray(record.value) || record.sequence < expected) continue;
    if (record.sequence >= end) break;
    seen.missing += record.sequence - expected;
    expected = record.sequence + 1;
    if (takeOver(db, writer, record)) seen.records += 1;
    else seen.missing += 1;
  }
  writer.close();
  if (end !== Infinity) seen.missing += Math.max(0, end - expected);
  else if (isBad) seen.missing += 1;
  return end === Infinity ? expected : Math.max(end, expected);
}

/** @returns whether its changes fit into the tables. */
function takeOver(db: Database, writer: EntryWriter, { sequence, value }: JournalRecord): boolean {
  try {
    inTransaction(db, () => {
      writer.writeKnown(readEntries(value));
      setSequence(db, sequence);
    });
    return true;
  } catch {
    return false;
  }
}

function refuseNewer({ path }: JournalFile, header: JournalHeader | undefined): void {
  if (!header) return;
  const { format, schema, readableFrom = schema } = header;
  if (format <= JOURNAL_FORMAT && Math.min(schema, readableFrom) <= SCHEMA_VERSION) return;
  throw new StageError(
    'queue',
    'HistoryTooNew',
    `journal ${path} of the history has format ${header.format} and schema version ${header.schema}; this NKVM knows up to ${JOURNAL_FORMAT} and ${SCHEMA_VERSION}`,
    'run the NKVM that wrote it or a later one',
    'needs-action'
  );
}
