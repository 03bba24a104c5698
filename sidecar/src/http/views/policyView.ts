import type {
  RetentionHold,
  RetentionSummary,
  VolumePolicy,
  VolumePolicyDetails,
} from '../../../api/index.ts';
import type { Action } from '../../cluster/gateway/access.ts';

/** The right to read a claim, or its backups. */
export const toRead = (namespace: string, name: string, subresource?: 'backup'): Action => ({
  verb: 'get',
  group: '',
  resource: 'persistentvolumeclaims',
  ...(subresource && { subresource }),
  namespace,
  name,
});

const NOT_VISIBLE = {
  state: 'unknown' as const,
  reasons: [
    {
      reason: 'BackupsNotVisible',
      message: 'you may not list the backups of this volume',
      hint: 'ask an administrator for the right to list persistentvolumeclaims/backup in this namespace',
    },
  ],
  lastSuccessAt: null,
  overdueSince: null,
  populate: null,
  restoredAutomatically: false,
  retention: [],
  backupsVisible: false,
};

/** @returns the policy as a caller sees it who may read the claim, and nothing about its backups. */
export const withoutBackups = (policy: VolumePolicy): VolumePolicy => ({
  ...policy,
  ...NOT_VISIBLE,
});

/** @returns the details for such a caller. */
export const detailsWithoutBackups = (details: VolumePolicyDetails): VolumePolicyDetails => ({
  ...details,
  ...NOT_VISIBLE,
  days: details.days.map(({ date }) => ({ date, state: 'none', good: 0, failed: 0, missed: 0 })),
  plans: [],
});

/**
 * Messages of these count the archives of all namespaces at a destination. Callers who may not list the backups of all of
 * them get these words instead.
 */
const WITHOUT_COUNTS: Partial<Record<RetentionHold['kind'], Omit<RetentionHold, 'kind'>>> = {
  share: {
    message: 'too many archives would go at this destination at once',
    hint: 'ask an administrator of NKVM to read the plans, and to approve them',
  },
  listing: {
    message: 'the destination could not be listed as a whole, or its listing lacks archives',
    hint: 'ask an administrator of NKVM to check the destination',
  },
  refused: {
    message: 'the destination refuses to delete archives',
    hint: 'ask an administrator of NKVM whether that is wanted',
  },
};

const withoutCounts = <T extends RetentionSummary>(summary: T): T => {
  const words = summary.hold && WITHOUT_COUNTS[summary.hold.kind];
  if (!summary.hold || !words) return summary;
  return { ...summary, hold: { kind: summary.hold.kind, ...words } };
};

/** @returns the policy without anything that is known from volumes of other namespaces. */
export const ofOneNamespace = (policy: VolumePolicy): VolumePolicy => ({
  ...policy,
  retention: policy.retention.map(withoutCounts),
});

/** @returns the details without it. */
export const detailsOfOneNamespace = (details: VolumePolicyDetails): VolumePolicyDetails => ({
  ...details,
  retention: details.retention.map(withoutCounts),
  plans: details.plans.map(withoutCounts),
});
