import type { VolumePolicy, VolumePolicyDetails } from '../../api/index.ts';
import type { Action } from '../cluster/access.ts';

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
