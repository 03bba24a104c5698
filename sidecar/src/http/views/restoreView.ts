import type { Check, Restore, RestoreComparison } from '../../../api/index.ts';
import type { RunRecord } from '../../history/history.ts';
import type { RestoreDetails } from '../../history/queries/details.ts';
import { withoutSource } from '../../restore/hiddenSource.ts';
import { textsWithoutWorkloads } from './hiddenWorkloads.ts';

/** The text for a run whose details this version cannot read. */
const NOT_READABLE = 'another version of NKVM wrote the details of this run: they are not shown';

const UNKNOWN: Omit<RestoreDetails, 'kind' | 'target'> = {
  backup: '',
  archive: '',
  destination: '',
  source: { namespace: null, name: null, uid: null, namespaceUid: null, createdAt: null },
  paths: null,
  scale: false,
  safetyBackup: false,
  safetyBackupId: null,
  undoOf: null,
  steps: [],
  comparison: null,
  totalBytes: null,
  createdUid: null,
  hasBegunToWrite: true,
};

/** The parts of a run that depend on the caller, or that are not in the history. */
export interface View {
  /** They may see names of files: they have `get …/archive` on a claim that these are of. */
  mayReadArchives: boolean;
  /** They may see the claim that the archive is of; its name and namespace are in the archive's name, too. */
  maySeeSource: boolean;
  /** They may see names of pods and workloads: they may list pods in the namespace of the target. */
  mayListPods: boolean;
  queuePosition: number | null;
  /** Name of the cluster; undefined: NKVM's own. */
  cluster: string | undefined;
}

/** @returns a restore as a caller sees it. */
export function restoreOf(
  run: RunRecord,
  { mayReadArchives, maySeeSource, mayListPods, queuePosition, cluster }: View
): Restore {
  const details = run.details?.kind === 'restore' ? run.details : undefined;
  const known = details ?? UNKNOWN;
  const texts =
    mayListPods || !details ? { ...run, steps: known.steps } : textsWithoutWorkloads(run, details);
  const shown = maySeeSource ? (text: string) => text : withoutSource(run);
  return {
    id: run.id,
    ...(cluster !== undefined && { cluster }),
    status: run.status,
    stage: run.stage,
    backup: maySeeSource || !isByName(known.backup) ? known.backup : '',
    archive: maySeeSource ? known.archive : '',
    source: maySeeSource
      ? { namespace: known.source.namespace, name: known.source.name }
      : { namespace: null, name: null },
    target: {
      namespace: run.namespace,
      name: run.name,
      uid: run.uid || null,
      mode: details?.target.mode ?? 'overwrite',
    },
    paths: mayReadArchives ? known.paths : null,
    scale: known.scale,
    safetyBackup: known.safetyBackup,
    safetyBackupId: known.safetyBackupId,
    undoOf: known.undoOf,
    bytes: run.bytes,
    totalBytes: known.totalBytes,
    message: shown(texts.message),
    reason: run.reason,
    hint: texts.hint === null ? null : shown(texts.hint),
    failureClass: run.failureClass,
    warnings: [...texts.warnings.map(shown), ...(details ? [] : [NOT_READABLE])],
    steps: texts.steps.map(each => ({ ...each, message: shown(each.message) })),
    comparison: known.comparison && shownComparison(known.comparison, mayReadArchives),
    stages: run.stages,
    helper: helperOf(run, mayReadArchives),
    transport: run.transport,
    transportReason: run.transportReason,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    attempt: run.attempt,
    retryAt: run.retryAt,
    queuePosition,
    requestedBy: run.requestedBy,
  };
}

/** `archive:KEY`: the key has the names of namespace and claim in it. */
const isByName = (backup: string): boolean => backup.startsWith('archive:');

/** @returns a verification or a drill as a caller sees it. */
export function checkOf(
  run: RunRecord,
  { mayReadArchives, cluster }: Pick<View, 'mayReadArchives' | 'cluster'>
): Check {
  const { details } = run;
  const check = details?.kind === 'verify' || details?.kind === 'drill' ? details : undefined;
  const drill = check?.kind === 'drill' ? check : undefined;
  return {
    id: run.id,
    ...(cluster !== undefined && { cluster }),
    kind: run.kind === 'drill' ? 'drill' : 'verify',
    backup: check?.backup ?? '',
    namespace: run.namespace,
    name: run.name,
    status: run.status,
    stage: run.stage,
    bytes: run.bytes,
    totalBytes: check?.totalBytes ?? null,
    message: run.message,
    reason: run.reason,
    hint: run.hint,
    failureClass: run.failureClass,
    warnings: check ? run.warnings : [...run.warnings, NOT_READABLE],
    comparison: drill?.comparison ? shownComparison(drill.comparison, mayReadArchives) : null,
    output: (mayReadArchives && drill?.output) || null,
    stages: run.stages,
    transport: run.transport,
    transportReason: run.transportReason,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    requestedBy: run.requestedBy,
  };
}

/** Without the right, it says how many there are, and not what they are called. */
const shownComparison = (comparison: RestoreComparison, mayReadArchives: boolean) =>
  mayReadArchives
    ? comparison
    : {
        ...comparison,
        examples: [],
        notRestored: comparison.notRestored.map(each => ({ ...each, names: [] })),
      };

function helperOf({ helper }: RunRecord, mayReadArchives: boolean): Restore['helper'] {
  if (!helper) return null;
  const { pod, node, lastWords } = helper;
  return { pod, node, ...(mayReadArchives && lastWords !== undefined && { lastWords }) };
}
