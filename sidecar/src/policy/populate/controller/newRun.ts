import type { Claim } from '../../../cluster/inventory/inventory.ts';
import type { RestoreDetails } from '../../../history/queries/details.ts';
import type { Asked, Target } from '../../../jobs/job.ts';
import { POPULATOR } from '../../../jobs/requesters.ts';
import { quantityOf } from '../../../restore/claim/newClaim.ts';
import { fillingLabels, fillingOf } from '../../../restore/handOver/filling.ts';
import type { RestoreSource } from '../../../restore/source.ts';
import { stepNames } from '../../../restore/steps.ts';
import type { Candidate } from '../decision.ts';

export interface NewRun {
  claim: Claim;
  candidate: Candidate;
  source: RestoreSource;
  /** Where the scheduler wants the volume; null: anywhere. */
  node: string | null;
  installation: string;
  /** Namespace of fillings. */
  fillings: string;
}

/** @returns the request for the restore of a claim that waits for its first data. */
export function newRun({ claim, candidate, source, node, ...where }: NewRun): {
  target: Target;
  asked: Asked;
} {
  const { namespace, name, uid } = claim;
  const steps = stepNames({ isNew: true, scale: false, safetyBackup: false });
  const details: RestoreDetails = {
    kind: 'restore',
    backup: candidate.source,
    archive: source.key,
    destination: source.destination.id,
    source: source.source,
    target: {
      ...fillingOf(claim, where.fillings),
      mode: 'new',
      ...volumeLike(claim),
      labels: fillingLabels(claim, where.installation),
    },
    paths: null,
    scale: false,
    safetyBackup: false,
    safetyBackupId: null,
    undoOf: null,
    steps: steps.map(step => ({ step, state: 'waiting', message: '' })),
    comparison: null,
    totalBytes: source.bytes,
    createdUid: null,
    hasBegunToWrite: false,
    populates: { backup: candidate.backup, node },
  };
  return {
    target: { namespace, name, uid },
    asked: { kind: 'restore', requestedBy: POPULATOR, priority: 'restore', details },
  };
}

type Modes = NonNullable<RestoreDetails['target']['accessModes']>;

/** @returns size, class and modes of the volume that the claim asks for. */
export const volumeLike = ({
  requestedBytes,
  storageClass,
  accessModes,
}: Pick<Claim, 'requestedBytes' | 'storageClass' | 'accessModes'>) => ({
  size: quantityOf(requestedBytes ?? 0),
  storageClass: storageClass ?? '',
  accessModes: accessModes as Modes,
});
