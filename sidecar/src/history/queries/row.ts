import type { Copy, Seal } from '../../../api/index.ts';
import { Backup } from '../../../api/index.ts';
import type { RunChange, RunRecord } from '../history.ts';
import { withinBudget } from '../pruning/budget.ts';
import { packStages } from '../schema/stageColumn.ts';
import { detailsWithin, RunDetails } from './details.ts';
import type { Entry, Row } from './entries.ts';

/** A run as the tables keep it: all of `RunRecord` except what follows from the rest. */
export type Run = Omit<
  RunRecord,
  'archive' | 'restoreCommand' | 'queuePosition' | 'provenRestorableAt'
>;

const Checked = Backup.partial({
  archive: true,
  restoreCommand: true,
  queuePosition: true,
  provenRestorableAt: true,
}).extend({ details: RunDetails.nullable().optional() });
const CheckedChange = Checked.partial();

/**
 * Keeps what is not a run out of the tables, and cuts what is too long.
 * @throws Error that names the wrong fields: a bug in NKVM
 */
export function checkedRun(run: Run): Run {
  const { archive, restoreCommand, queuePosition, provenRestorableAt, details, ...checked } =
    Checked.parse(run);
  void [archive, restoreCommand, queuePosition, provenRestorableAt];
  // One spelling of a time, whatever the digits of its fraction: the order of the texts must be that of the times.
  const within = withinBudget({
    ...checked,
    createdAt: new Date(checked.createdAt).toISOString(),
  });
  return details ? { ...within, details: detailsWithin(details) } : within;
}

/** @throws Error that names the wrong fields: a bug in NKVM */
export const checkedChange = (change: RunChange): RunChange => CheckedChange.parse(change);

/** @returns the run with what the change names; fields that it leaves undefined stay. */
export const changedRun = (run: Run, change: RunChange): Run => ({
  ...run,
  ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)),
});

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
  form: run.form,
  requested_by: run.requestedBy,
  warnings: JSON.stringify(run.warnings),
  tar_messages: JSON.stringify(run.tarMessages),
  warning_count: run.warningCount,
  stages: packStages(run.stages, run.createdAt),
  seal: run.seal && packSeal(run.seal, run),
  helper: run.helper && JSON.stringify(run.helper),
  transport: run.transport,
  transport_reason: run.transportReason,
  chain: run.chain && JSON.stringify(run.chain),
  destinations: isAsCopies(run) ? null : JSON.stringify(run.destinations),
  // Details that a later version wrote, and that cannot be read here, stay as they are.
  ...(run.details && { details: JSON.stringify(run.details) }),
});

/** Values that a copy has in common with its run are not stored again. */
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
  is_required: copy.isRequired ? 1 : 0,
  problem: copy.problem && JSON.stringify(copy.problem),
  retry_at: copy.retryAt,
  encrypted: copy.encrypted ? 1 : 0,
  stored_bytes: copy.stored?.bytes ?? null,
  stored_sha256: copy.stored?.sha256 ?? null,
});

/** Whether a run has copies where it was asked for them, and nowhere else. */
const isAsCopies = ({ destinations, copies }: Run): boolean =>
  destinations.length === copies.length &&
  copies.every(({ destination }, at) => destination === destinations[at]);

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
