import { z } from 'zod';
import type { Copy } from '../../api/index.ts';
import {
  Backup,
  BackupStatus,
  FailureClass,
  Omitted,
  Priority,
  Proof,
  RunKind,
  Seal,
  Stage,
} from '../../api/index.ts';
import { withinBudget } from './budget.ts';
import type { Entry, Row } from './entries.ts';
import type { RunChange } from './history.ts';
import { packStages, unpackStages } from './stageColumn.ts';

/** A run as the tables keep it: all of `Backup` except what follows from the rest. */
export type Run = Omit<Backup, 'archive' | 'restoreCommand' | 'queuePosition'>;

const Checked = Backup.partial({ archive: true, restoreCommand: true, queuePosition: true });
const CheckedChange = Checked.partial();

/**
 * Keeps what is not a run out of the tables, and cuts what is too long.
 * @throws Error that names the wrong fields: a fault of ours
 */
export function checkedRun(run: Run): Run {
  const { archive, restoreCommand, queuePosition, ...checked } = Checked.parse(run);
  void [archive, restoreCommand, queuePosition];
  // One spelling of a time, whatever the digits of its fraction: the order of the texts must be that of the times.
  return withinBudget({ ...checked, createdAt: new Date(checked.createdAt).toISOString() });
}

/** @throws Error that names the wrong fields: a fault of ours */
export const checkedChange = (change: RunChange): RunChange => CheckedChange.parse(change);

/** @returns the run with what the change names; fields that it leaves undefined stay. */
export const changedRun = (run: Run, change: RunChange): Run => ({
  ...run,
  ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)),
});

/** What is needed to read a run, by `readRun`. */
export const SELECT_RUNS = `SELECT runs.*, (
  SELECT json_group_array(json_object(
    'position', position, 'destination', destination_id, 'key', key, 'state', state, 'bytes', bytes, 'sha256', sha256,
    'provenAt', proven_at, 'level', proof_level, 'readFrom', proof_read_from, 'verifiedAt', verified_at
  )) FROM copies WHERE run_id = runs.id
) AS copies FROM runs`;

/**
 * @param before the run as the tables have it; undefined when it is new
 * @returns what makes the tables hold `run`
 */
export function entriesOf(run: Run, before: Run | undefined): Entry[] {
  const entries: Entry[] = [{ table: 'runs', row: runRow(run) }];
  const isSame = JSON.stringify(run.copies) === JSON.stringify(before?.copies ?? []);
  if (isSame) return entries;
  const ofRun = { run_id: run.id };
  if (before && before.copies.length > 0) entries.push({ table: 'copies', delete: ofRun });
  run.copies.forEach((copy, position) =>
    entries.push({ table: 'copies', row: { ...ofRun, position, ...copyRow(copy, run) } })
  );
  return entries;
}

const runRow = (run: Run): Row => ({
  id: run.id,
  kind: run.kind,
  pvc_uid: run.uid,
  namespace: run.namespace,
  pvc_name: run.name,
  namespace_uid: run.namespaceUid,
  cluster_uid: run.clusterUid,
  status: run.status,
  stage: run.stage,
  reason: run.reason,
  failure_class: run.failureClass,
  message: run.message,
  hint: run.hint,
  bytes: run.bytes,
  checksum_sha256: run.sha256,
  created_at: run.createdAt,
  started_at: run.startedAt,
  ended_at: run.endedAt,
  priority: run.priority,
  attempt: run.attempt,
  retry_at: run.retryAt,
  accept_empty: run.acceptEmpty ? 1 : 0,
  verify: run.verify,
  requested_by: run.requestedBy,
  warnings: JSON.stringify(run.warnings),
  tar_messages: JSON.stringify(run.tarMessages),
  warning_count: run.warningCount,
  stages: packStages(run.stages, run.createdAt),
  seal: run.seal && packSeal(run.seal, run),
  helper: run.helper && JSON.stringify(run.helper),
});

/** What a copy has in common with its run is not stored again. */
const copyRow = (copy: Copy, run: Run): Row => ({
  destination_id: copy.destination,
  key: copy.key,
  state: copy.state,
  bytes: copy.bytes === run.bytes ? null : copy.bytes,
  sha256: copy.sha256 === run.sha256 ? null : copy.sha256,
  proven_at: copy.provenAt,
  proof_level: copy.proof?.level ?? null,
  proof_read_from: copy.proof?.readFrom ?? null,
  verified_at: copy.verifiedAt,
});

/** @returns the seal without what the run has, too, and without counts of nothing. */
function packSeal({ omitted, ...seal }: Seal, run: Run): string {
  const counts = Object.entries(omitted).filter(([, count]) => count !== 0);
  return JSON.stringify({
    ...seal,
    bytes: seal.bytes === run.bytes ? undefined : seal.bytes,
    sha256: seal.sha256 === run.sha256 ? undefined : seal.sha256,
    omitted: counts.length > 0 ? Object.fromEntries(counts) : undefined,
  });
}

/** What a later version may have added is left out; what an older one did not know has a default. */
const Texts = z.array(z.string()).catch([]);
const NOTHING = { sockets: 0, trustedXattrs: 0, attributeFlags: 0, longPaths: 0 };
const StoredSeal = z.object({
  ...Seal.shape,
  omitted: z.object(Omitted.partial().shape).catch({}),
});
const StoredHelper = z.object({
  pod: z.string(),
  node: z.string().nullable(),
  image: z.string(),
  lastWords: z.string().optional(),
});
const StoredCopies = z.array(
  z.object({
    position: z.int(),
    destination: z.string(),
    key: z.string(),
    state: z.enum(['present', 'missing', 'deleted']).catch('missing'),
    bytes: z.int().nullable(),
    sha256: z.string().nullable(),
    provenAt: z.string().nullable(),
    level: Proof.shape.level.nullable().catch(null),
    readFrom: Proof.shape.readFrom.nullable().catch(null),
    verifiedAt: z.string().nullable(),
  })
);

/**
 * @param row what SQLite gives for `SELECT_RUNS`
 * @returns the run; undefined for a kind or status that only a later version knows: nothing may be concluded from it
 */
export function readRun(row: Row): Run | undefined {
  const kind = RunKind.safeParse(row.kind);
  const status = BackupStatus.safeParse(row.status);
  if (!kind.success || !status.success) return undefined;
  const createdAt = String(row.created_at);
  return {
    id: String(row.id),
    kind: kind.data,
    uid: String(row.pvc_uid),
    namespace: String(row.namespace),
    name: String(row.pvc_name),
    namespaceUid: textOrNull(row.namespace_uid),
    clusterUid: textOrNull(row.cluster_uid),
    status: status.data,
    stage: Stage.nullable().catch(null).parse(row.stage),
    reason: textOrNull(row.reason),
    failureClass: FailureClass.nullable().catch(null).parse(row.failure_class),
    message: String(row.message),
    hint: textOrNull(row.hint),
    bytes: typeof row.bytes === 'number' ? row.bytes : null,
    sha256: textOrNull(row.checksum_sha256),
    copies: copiesIn(row),
    createdAt,
    startedAt: textOrNull(row.started_at),
    endedAt: textOrNull(row.ended_at),
    priority: Priority.catch('on-demand').parse(row.priority),
    attempt: Number(row.attempt),
    retryAt: textOrNull(row.retry_at),
    acceptEmpty: row.accept_empty === 1,
    verify: Backup.shape.verify.catch(null).parse(row.verify),
    requestedBy: String(row.requested_by),
    warnings: Texts.parse(json(row.warnings)),
    tarMessages: Texts.parse(json(row.tar_messages)),
    warningCount: Number(row.warning_count),
    stages: unpackStages(json(row.stages), createdAt),
    seal: sealIn(row),
    helper: StoredHelper.nullable().catch(null).parse(json(row.helper)),
  };
}

function sealIn(row: Row): Seal | null {
  const stored = json(row.seal);
  if (typeof stored !== 'object' || stored === null) return null;
  const { success, data } = StoredSeal.safeParse({
    bytes: row.bytes,
    sha256: row.checksum_sha256,
    ...stored,
  });
  return success ? { ...data, omitted: { ...NOTHING, ...data.omitted } } : null;
}

const copiesIn = (row: Row): Copy[] =>
  StoredCopies.catch([])
    .parse(json(row.copies))
    .sort((a, b) => a.position - b.position)
    .map(({ destination, key, state, bytes, sha256, provenAt, level, readFrom, verifiedAt }) => ({
      destination,
      key,
      state,
      bytes: bytes ?? Number(row.bytes ?? 0),
      sha256: sha256 ?? String(row.checksum_sha256 ?? ''),
      provenAt,
      proof: level && readFrom && { level, readFrom },
      verifiedAt,
    }));

const json = (value: Row[string] | undefined): unknown =>
  typeof value === 'string' ? JSON.parse(value) : null;

const textOrNull = (value: Row[string] | undefined): string | null =>
  value === null || value === undefined ? null : String(value);
