import type { Database } from 'sql.js';
import { tarMessagesWithin } from '../pruning/budget.ts';
import { inTransaction } from './transaction.ts';

/** "NKVM": SQLite's mark of the application that a file belongs to. */
const APPLICATION_ID = 0x4e4b564d;

/** The schema version since which a backup can need archives of earlier ones. */
export const CHAIN_SCHEMA = 9;

/**
 * The schema, one step a version; `PRAGMA user_version` counts the steps that a file has taken. A released step never
 * changes. Times are ISO-8601 in UTC with milliseconds, so that text order is time order.
 */
const MIGRATIONS: readonly (string | ((db: Database) => void))[] = [
  `CREATE TABLE backup_history (
    id TEXT NOT NULL PRIMARY KEY,
    pvc_uid TEXT NOT NULL,
    namespace TEXT NOT NULL,
    pvc_name TEXT NOT NULL,
    status TEXT NOT NULL,
    backup_path TEXT,
    checksum_sha256 TEXT,
    message TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    stage TEXT,
    reason TEXT,
    hint TEXT,
    bytes INTEGER,
    requested_by TEXT NOT NULL,
    warnings TEXT NOT NULL CHECK (json_valid(warnings)),
    stages TEXT NOT NULL CHECK (json_valid(stages)),
    seal TEXT CHECK (json_valid(seal)),
    helper TEXT CHECK (json_valid(helper)),
    raw_bytes INTEGER AS (seal ->> 'rawBytes'),
    files INTEGER AS (seal ->> 'files')
  ) STRICT;
  CREATE INDEX backup_history_by_time ON backup_history (created_at);
  CREATE INDEX backup_history_by_claim ON backup_history (namespace, pvc_name, created_at);
  CREATE INDEX backup_history_by_status ON backup_history (status, created_at);`,

  `CREATE TABLE history_journal (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    history TEXT NOT NULL,
    sequence INTEGER NOT NULL
  ) STRICT;
  INSERT INTO history_journal VALUES (1, lower(hex(randomblob(16))), 0);`,

  `ALTER TABLE backup_history ADD COLUMN priority TEXT NOT NULL DEFAULT 'on-demand';
  ALTER TABLE backup_history ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE backup_history ADD COLUMN retry_at TEXT;`,

  runsAndCopies,

  // An NKVM of schema 4 reads and changes such a file: it knows the kinds, and leaves the column as it is.
  `ALTER TABLE runs ADD COLUMN details TEXT CHECK (details IS NULL OR json_valid(details));
  CREATE INDEX runs_not_backups ON runs (created_at, id) WHERE kind <> 'backup';
  CREATE INDEX runs_of_backup ON runs (details ->> 'backup', created_at, id) WHERE details IS NOT NULL;
  CREATE VIEW restore_history AS
  SELECT id, namespace, pvc_name, pvc_uid, status, details ->> 'backup' AS backup_id, details ->> 'archive' AS archive,
    details ->> '$.target.mode' AS mode, message, reason, stage, created_at, started_at, ended_at, bytes, requested_by,
    details ->> '$.comparison.differences' AS differences, attempt, warnings, details ->> 'undoOf' AS undo_of,
    details ->> 'safetyBackupId' AS safety_backup_id
  FROM runs WHERE kind = 'restore';`,

  // An NKVM of schema 4 or 5 shows a copy that is not there yet as missing, and reads the others as before.
  `ALTER TABLE runs ADD COLUMN destinations TEXT CHECK (destinations IS NULL OR json_valid(destinations));
  ALTER TABLE copies ADD COLUMN is_required INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE copies ADD COLUMN problem TEXT CHECK (problem IS NULL OR json_valid(problem));
  ALTER TABLE copies ADD COLUMN retry_at TEXT;
  ALTER TABLE copies ADD COLUMN encrypted INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE copies ADD COLUMN stored_bytes INTEGER; -- NULL: as it is read
  ALTER TABLE copies ADD COLUMN stored_sha256 TEXT;`,

  // An NKVM of schema 4 to 6 does not know that runs are pruned, and leaves the table as it is.
  `CREATE TABLE history_pruned (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    until TEXT NOT NULL
  ) STRICT;`,

  // An NKVM of schema 4 to 7 does not know the columns, and leaves them as they are.
  `ALTER TABLE runs ADD COLUMN transport TEXT;
  ALTER TABLE runs ADD COLUMN transport_reason TEXT;`,

  // An earlier NKVM would take an increment for all of a volume, and delete what it needs: it must not open a file with one.
  `ALTER TABLE runs ADD COLUMN chain TEXT CHECK (chain IS NULL OR json_valid(chain));
  ALTER TABLE runs ADD COLUMN form TEXT;
  CREATE INDEX runs_of_chain ON runs (chain ->> '$.links[0].runId') WHERE chain IS NOT NULL;
  CREATE TRIGGER increment_added AFTER INSERT ON runs WHEN json_array_length(NEW.chain, '$.links') > 0 BEGIN
    UPDATE history_journal SET readable_from = max(readable_from, CHAIN_SCHEMA);
  END;
  CREATE TRIGGER increment_made AFTER UPDATE OF chain ON runs WHEN json_array_length(NEW.chain, '$.links') > 0 BEGIN
    UPDATE history_journal SET readable_from = max(readable_from, CHAIN_SCHEMA);
  END;`.replaceAll('CHAIN_SCHEMA', `${CHAIN_SCHEMA}`),
];

/** Runs of about 1 KB fill big pages better, and `export` copies page by page: 9 ms instead of 23 at 10,000 runs. */
const PAGE_BYTES = 16_384;

/** The schema version that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** @returns the schema version of a file; 0 for an empty one. */
export const schemaVersion = (db: Database): number => pragma(db, 'user_version');

/** @returns whether a file was written by NKVM. */
export const isOurs = (db: Database): boolean => pragma(db, 'application_id') === APPLICATION_ID;

/**
 * Brings a file up to a version, each step completely or not at all. A file of a later version stays as it is.
 * @returns whether anything changed
 */
export function migrate(db: Database, to: number = SCHEMA_VERSION): boolean {
  const from = schemaVersion(db);
  if (from === 0) db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  MIGRATIONS.slice(from, to).forEach((step, index) => {
    inTransaction(db, () => {
      if (typeof step === 'string') db.exec(step);
      else step(db);
      db.exec(
        `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${from + index + 1}`
      );
    });
  });
  // The space of what a step has dropped.
  if (from > 0 && from < to) db.exec('VACUUM');
  return from < to;
}

/** @returns the lowest schema version whose NKVM reads and changes a file without misreading it. */
export function readableFrom(db: Database): number {
  const version = schemaVersion(db);
  if (version < 4) return version;
  try {
    return Number(
      db.exec('SELECT readable_from FROM history_journal')[0]?.values[0]?.[0] ?? version
    );
  } catch {
    return version; // no such column: nothing says that an older NKVM can read it
  }
}

/**
 * Runs and their copies become tables of their own; `backup_history` stays as a view with the columns that it had. The
 * lines of tar, which were stored twice, are cut to a few.
 */
function runsAndCopies(db: Database): void {
  db.create_function('tar_messages', (lines: string) =>
    JSON.stringify(tarMessagesWithin(JSON.parse(lines)))
  );
  db.exec(`
  CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    pvc_uid TEXT NOT NULL,
    namespace TEXT NOT NULL,
    pvc_name TEXT NOT NULL,
    namespace_uid TEXT,
    cluster_uid TEXT,
    status TEXT NOT NULL,
    stage TEXT,
    reason TEXT,
    failure_class TEXT,
    message TEXT NOT NULL,
    hint TEXT,
    bytes INTEGER,
    checksum_sha256 TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    priority TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    retry_at TEXT,
    accept_empty INTEGER NOT NULL,
    verify TEXT,
    requested_by TEXT NOT NULL,
    warnings TEXT NOT NULL CHECK (json_valid(warnings)),
    tar_messages TEXT NOT NULL CHECK (json_valid(tar_messages)),
    warning_count INTEGER NOT NULL,
    stages TEXT NOT NULL CHECK (json_valid(stages)),
    seal TEXT CHECK (json_valid(seal)),
    helper TEXT CHECK (json_valid(helper))
  ) STRICT;
  CREATE TABLE destinations (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    location TEXT NOT NULL
  ) STRICT;
  CREATE TABLE copies (
    run_id TEXT NOT NULL,
    destination_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    bytes INTEGER, -- NULL: as in runs
    sha256 TEXT, -- NULL: as in runs
    proven_at TEXT,
    proof_level TEXT,
    proof_read_from TEXT,
    verified_at TEXT,
    PRIMARY KEY (run_id, destination_id)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO runs
  WITH old AS (
    SELECT *, coalesce(seal ->> 'warnings', '[]') AS lines FROM backup_history
  )
  SELECT id, 'backup', pvc_uid, namespace, pvc_name, NULL, NULL, status, stage, reason, NULL,
    -- tar's line, at the end of this message, names a file of the volume
    iif(reason = 'TarFailed' AND instr(message, ':') > 0, substr(message, 1, instr(message, ':') - 1), message),
    hint, bytes, checksum_sha256, created_at, started_at,
    -- a run that came back from its manifest had no end
    iif(status IN ('queued', 'running'), ended_at, coalesce(ended_at, started_at, created_at)),
    priority, attempt, retry_at, 0, NULL, requested_by,
    (SELECT json_group_array(value) FROM json_each(old.warnings)
      WHERE value NOT IN (SELECT value FROM json_each(old.lines))),
    tar_messages(lines), json_array_length(lines), stages,
    json_set(json_remove(seal, '$.warnings', '$.fidelity', '$.bytes', '$.sha256'), '$.omitted', json_object(
      'sockets', (SELECT count(*) FROM json_each(old.lines) WHERE value LIKE '%: socket ignored'),
      'trustedXattrs', NULL, 'attributeFlags', NULL)),
    helper
  FROM old;

  -- 'local' is the directory of the newest archive; directories of before get numbers
  INSERT INTO destinations
  WITH directories AS (
    SELECT rtrim(rtrim(backup_path, replace(backup_path, '/', '')), '/') AS location, max(created_at) AS newest
    FROM backup_history WHERE backup_path IS NOT NULL GROUP BY 1
  ), ranked AS (SELECT location, row_number() OVER (ORDER BY newest DESC, location) AS rank FROM directories)
  SELECT iif(rank = 1, 'local', 'local-' || rank), 'local', location FROM ranked;

  INSERT INTO copies
  SELECT old.id, destinations.id, 0, substr(old.backup_path, length(destinations.location) + 2), 'present',
    NULL, NULL, old.ended_at, NULL, NULL, NULL
  FROM backup_history AS old JOIN destinations
    ON destinations.location = rtrim(rtrim(old.backup_path, replace(old.backup_path, '/', '')), '/');

  DROP TABLE backup_history;
  CREATE INDEX runs_by_time ON runs (created_at, id);
  CREATE INDEX runs_by_namespace ON runs (namespace, created_at, id);
  CREATE INDEX runs_by_claim ON runs (namespace, pvc_name, created_at, id);
  CREATE INDEX runs_unfinished ON runs (created_at, id) WHERE status IN ('queued', 'running');

  CREATE VIEW backup_history AS
  SELECT id, pvc_uid, namespace, pvc_name, status,
    (SELECT rtrim(location, '/') || '/' || key FROM copies JOIN destinations ON destinations.id = destination_id
      WHERE run_id = runs.id AND state = 'present' ORDER BY position LIMIT 1) AS backup_path,
    checksum_sha256, message, created_at, started_at, ended_at, stage, reason, hint, bytes, requested_by, warnings,
    stages, json_set(seal, '$.bytes', bytes, '$.sha256', checksum_sha256) AS seal, helper, seal ->> 'rawBytes' AS raw_bytes, seal ->> 'files' AS files, priority, attempt, retry_at
  FROM runs WHERE kind = 'backup';

  ALTER TABLE history_journal ADD COLUMN readable_from INTEGER NOT NULL DEFAULT 4;`);
}

const pragma = (db: Database, name: string): number =>
  Number(db.exec(`PRAGMA ${name}`)[0]?.values[0]?.[0]);
