import type { PopulateStatus } from '../../../../api/index.ts';
import type { BackupRestoreStatus, Condition } from '../../../cluster/writes/backupRestores.ts';

/** A status, or the end: the claim is bound. */
export type Shown = Omit<PopulateStatus, 'state'> & { state: PopulateStatus['state'] | 'bound' };

/**
 * | state | Ready | Reconciling | Stalled |
 * | --- | --- | --- | --- |
 * | `deciding`, `waiting`, `restoring`, `binding` | False | True | False |
 * | `needs-decision` | False | False | True |
 * | `bound` | True | False | False |
 */
function conditionsOf({ state, reason, message }: Shown): Condition[] {
  const isStalled = state === 'needs-decision';
  const isReady = state === 'bound';
  const condition = (type: Condition['type'], is: boolean): Condition => ({
    ...{ type, reason, message },
    status: is ? 'True' : 'False',
  });
  return [
    condition('Ready', isReady),
    condition('Reconciling', !isReady && !isStalled),
    condition('Stalled', isStalled),
  ];
}

/** @returns the status as the object beside the claim shows it. */
export const statusOf = (shown: Shown): BackupRestoreStatus => {
  const { state, reason, message, hint, backup, restore, retryAt } = shown;
  return {
    ...{ state, reason, message, hint, backup, restore, retryAt },
    conditions: conditionsOf(shown),
  };
};
