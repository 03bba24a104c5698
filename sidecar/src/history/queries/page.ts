import type { Database, SqlValue, Statement } from 'sql.js';
import type { BackupQuery, RunKind } from '../../../api/index.ts';
import type { NamespaceUids } from '../history.ts';
import type { Position } from './cursor.ts';
import { readCursor, writeCursor } from './cursor.ts';

/** One page of a list, and where the next begins; null: this is the last one. */
export interface Page<T> {
  runs: T[];
  nextCursor: string | null;
}

/** With more namespaces than this, reading all of them in their order and leaving out the others costs less. */
const MAX_SOURCES = 50;

interface Candidate extends Position {
  namespace: string;
  name: string;
  status: string;
  namespaceUid: string | null;
  kind: string;
  isAtDestination: boolean;
}

/**
 * Finds the newest runs that match. A caller with few rights may match few runs of a long history, so each call looks at
 * no more than `maxScan` rows and the rest of that millisecond; then the page may be short, or even empty, and its cursor
 * continues where it ended. No cursor names a run that does not match: it may be one of another namespace.
 * @param namespaces those whose runs may be shown; undefined: all of them
 * @param kinds those that are listed
 * @throws StageError (reason `BadCursor`)
 */
export function findPage(
  db: Database,
  query: BackupQuery,
  namespaces: NamespaceUids | undefined,
  maxScan: number,
  kinds: readonly RunKind[]
): { ids: string[]; nextCursor: string | null } {
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const isOfKind = ({ kind }: Candidate) => kinds.some(each => each === kind);
  const wheres: Where[] = kinds.includes('backup') ? sourcesOf(query, namespaces) : [NOT_BACKUPS];
  const sources = wheres.map(where => new Source(db, where, after, query.destination));
  try {
    const ids: string[] = [];
    let last: Position | undefined;
    let lastShown: Position | undefined;
    for (let scanned = 0; ; scanned += 1) {
      const source = newestOf(sources);
      if (!source?.next) return { ids, nextCursor: null };
      const candidate = source.next;
      const isMatch = isOfKind(candidate) && matches(candidate, query, namespaces);
      // One more than the page has: only then is there a next page.
      if (lastShown && isMatch && ids.length === query.limit) {
        return { ids, nextCursor: writeCursor(lastShown) };
      }
      if (last && scanned >= maxScan && last.createdAt !== candidate.createdAt) {
        return { ids, nextCursor: writeCursor({ createdAt: last.createdAt, id: BEFORE_ALL }) };
      }
      if (isMatch) {
        ids.push(candidate.id);
        lastShown = candidate;
      }
      last = candidate;
      source.advance();
    }
  } finally {
    sources.forEach(source => source.free());
  }
}

/** Of no run: every id is greater. */
const BEFORE_ALL = '!';

/** Columns that an index narrows down to, or an index of its own. */
type Where = Readonly<Record<string, string>> | typeof NOT_BACKUPS;

/** Few runs are anything else than backups: they have an index of their own, whatever the namespace. */
const NOT_BACKUPS = 'not-backups';

/** Every source is read along an index, in the order of the list. */
function sourcesOf({ namespace, name }: BackupQuery, allowed?: NamespaceUids): Where[] {
  const named = namespace === undefined ? allowed && [...allowed.keys()] : [namespace];
  if (named && named.length <= MAX_SOURCES) {
    return named.map(each => ({
      namespace: each,
      ...(name !== undefined && { pvc_name: name }),
    }));
  }
  return [{}];
}

function matches(
  { namespace, name, status, namespaceUid, isAtDestination }: Candidate,
  query: BackupQuery,
  namespaces: NamespaceUids | undefined
): boolean {
  if (query.namespace !== undefined && query.namespace !== namespace) return false;
  if (query.name !== undefined && query.name !== name) return false;
  if (query.status !== undefined && query.status !== status) return false;
  if (!isAtDestination) return false;
  if (!namespaces) return true;
  if (!namespaces.has(namespace)) return false;
  const uid = namespaces.get(namespace);
  return uid === undefined || namespaceUid === null || uid === namespaceUid;
}

const newestOf = (sources: readonly Source[]): Source | undefined =>
  sources.reduce<Source | undefined>(
    (newest, source) => (source.next && isNewer(source.next, newest?.next) ? source : newest),
    undefined
  );

const isNewer = (one: Position, other: Position | undefined): boolean =>
  other === undefined ||
  one.createdAt > other.createdAt ||
  (one.createdAt === other.createdAt && one.id > other.id);

const IS_AT_DESTINATION = `EXISTS (
  SELECT 1 FROM copies WHERE run_id = runs.id AND destination_id = ? AND state <> 'deleted'
)`;

/** Runs along an index, newest first. */
class Source {
  readonly #statement: Statement;
  next: Candidate | undefined;

  /** @param destination whether a run has a copy there is read along, where it matters. */
  constructor(
    db: Database,
    where: Where,
    after: Position | undefined,
    destination: string | undefined
  ) {
    const columns: Readonly<Record<string, string>> = where === NOT_BACKUPS ? {} : where;
    const conditions = Object.keys(columns).map(column => `${column} = ?`);
    if (where === NOT_BACKUPS) conditions.push("kind <> 'backup'");
    const values: SqlValue[] = destination === undefined ? [] : [destination];
    values.push(...Object.values(columns));
    if (after) {
      conditions.push('(created_at, id) < (?, ?)');
      values.push(after.createdAt, after.id);
    }
    this.#statement = db.prepare(
      `SELECT created_at, id, namespace, pvc_name, status, namespace_uid, kind,
        ${destination === undefined ? '1' : IS_AT_DESTINATION} FROM runs
        ${
          conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
        } ORDER BY created_at DESC, id DESC`,
      values
    );
    this.advance();
  }

  advance(): void {
    this.next = undefined;
    if (!this.#statement.step()) return;
    const [createdAt, id, namespace, name, status, namespaceUid, kind, isThere] =
      this.#statement.get();
    this.next = {
      createdAt: String(createdAt),
      id: String(id),
      namespace: String(namespace),
      name: String(name),
      status: String(status),
      namespaceUid: typeof namespaceUid === 'string' ? namespaceUid : null,
      kind: String(kind),
      isAtDestination: isThere === 1,
    };
  }

  free(): void {
    this.#statement.free();
  }
}
