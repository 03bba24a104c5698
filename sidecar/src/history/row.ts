import type { SqlValue } from 'sql.js';
import { Backup } from '../../api/index.ts';
import type { RunChange } from './history.ts';
import { packStages, unpackStages } from './stageColumn.ts';

/** A run as the table keeps it: all of `Backup` but what follows from the rest. */
export type Run = Omit<Backup, 'restoreCommand' | 'queuePosition'>;

const Checked = Backup.partial({ restoreCommand: true, queuePosition: true });
const CheckedChange = Checked.partial();

/**
 * Keeps what is no run out of the file.
 * @throws Error that names the wrong fields: a fault of ours
 */
export function checkedRun(run: Run): Run {
  const checked = Checked.parse(run);
  // One spelling of a time, whatever the digits of its fraction: the order of the texts must be that of the times.
  return { ...checked, createdAt: new Date(checked.createdAt).toISOString() };
}

/** @throws Error that names the wrong fields: a fault of ours */
export const checkedChange = (change: RunChange): RunChange => CheckedChange.parse(change);

/** @returns the run with what the change names; fields that it leaves undefined stay. */
export const changedRun = (run: Run, change: RunChange): Run => ({
  ...run,
  ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)),
});

/** The columns that are written, by `toRow`. */
export const COLUMNS = [
  'id',
  'pvc_uid',
  'namespace',
  'pvc_name',
  'status',
  'backup_path',
  'checksum_sha256',
  'message',
  'created_at',
  'started_at',
  'ended_at',
  'stage',
  'reason',
  'hint',
  'bytes',
  'requested_by',
  'warnings',
  'stages',
  'seal',
  'helper',
  'priority',
  'attempt',
  'retry_at',
  'kind',
  'namespace_uid',
  'cluster_uid',
  'failure_class',
  'copies',
  'tar_messages',
  'warning_count',
  'accept_empty',
  'verify',
] as const;

export type Row = Record<(typeof COLUMNS)[number], SqlValue>;

/** @returns a value for each of `COLUMNS`. */
export function toRow(run: Run): Row {
  return {
    id: run.id,
    pvc_uid: run.uid,
    namespace: run.namespace,
    pvc_name: run.name,
    status: run.status,
    backup_path: run.archive,
    checksum_sha256: run.sha256,
    message: run.message,
    created_at: run.createdAt,
    started_at: run.startedAt,
    ended_at: run.endedAt,
    stage: run.stage,
    reason: run.reason,
    hint: run.hint,
    bytes: run.bytes,
    requested_by: run.requestedBy,
    warnings: JSON.stringify(run.warnings),
    stages: packStages(run.stages, run.createdAt),
    seal: run.seal && JSON.stringify(run.seal),
    helper: run.helper && JSON.stringify(run.helper),
    priority: run.priority,
    attempt: run.attempt,
    retry_at: run.retryAt,
    kind: run.kind,
    namespace_uid: run.namespaceUid,
    cluster_uid: run.clusterUid,
    failure_class: run.failureClass,
    copies: JSON.stringify(run.copies),
    tar_messages: JSON.stringify(run.tarMessages),
    warning_count: run.warningCount,
    accept_empty: run.acceptEmpty ? 1 : 0,
    verify: run.verify,
  };
}

/** @param row what SQLite gives for a row that `toRow` wrote */
export function fromRow(row: Row): Run {
  return {
    id: String(row.id),
    uid: String(row.pvc_uid),
    namespace: String(row.namespace),
    name: String(row.pvc_name),
    status: row.status as Run['status'],
    archive: textOrNull(row.backup_path),
    sha256: textOrNull(row.checksum_sha256),
    message: String(row.message),
    createdAt: String(row.created_at),
    startedAt: textOrNull(row.started_at),
    endedAt: textOrNull(row.ended_at),
    stage: row.stage as Run['stage'],
    reason: textOrNull(row.reason),
    hint: textOrNull(row.hint),
    bytes: row.bytes === null ? null : Number(row.bytes),
    requestedBy: String(row.requested_by),
    warnings: JSON.parse(String(row.warnings)),
    stages: unpackStages(String(row.stages), String(row.created_at)),
    seal: row.seal && JSON.parse(String(row.seal)),
    helper: row.helper && JSON.parse(String(row.helper)),
    priority: row.priority as Run['priority'],
    attempt: Number(row.attempt),
    retryAt: textOrNull(row.retry_at),
    kind: row.kind as Run['kind'],
    namespaceUid: textOrNull(row.namespace_uid),
    clusterUid: textOrNull(row.cluster_uid),
    failureClass: row.failure_class as Run['failureClass'],
    copies: JSON.parse(String(row.copies)),
    tarMessages: JSON.parse(String(row.tar_messages)),
    warningCount: Number(row.warning_count),
    acceptEmpty: row.accept_empty === 1,
    verify: row.verify as Run['verify'],
  };
}

const textOrNull = (value: SqlValue): string | null => (value === null ? null : String(value));
