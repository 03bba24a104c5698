import type { VolumePolicy } from '../../../api/index.ts';
import type { ProtectionSummary } from '../../observe/protectionGauges.ts';

/** @returns the part of the policies that metrics show. */
export function summaryOf(policies: readonly VolumePolicy[]): ProtectionSummary {
  const count = <K extends string>(keys: readonly K[]): Partial<Record<K, number>> => {
    const counts: Partial<Record<K, number>> = {};
    for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
    return counts;
  };
  const some = <T>(pick: (policy: VolumePolicy) => T | undefined) =>
    policies.flatMap(policy => {
      const { namespace, name } = policy;
      const picked = pick(policy);
      return picked === undefined ? [] : [{ namespace, name, ...picked }];
    });
  return {
    states: count(policies.map(({ state }) => state)),
    nextRuns: some(({ nextRunAt }) => (nextRunAt ? { at: Date.parse(nextRunAt) } : undefined)),
    overdue: some(({ overdueSince }) =>
      overdueSince ? { since: Date.parse(overdueSince) } : undefined
    ),
    withoutBackup: some(policy =>
      policy.nextRunAt !== null && !hasBackup(policy) ? {} : undefined
    ),
    invalid: some(({ reasons }) => {
      const invalid = reasons.filter(({ reason }) => reason === 'InvalidValue').length;
      return invalid > 0 ? { count: invalid } : undefined;
    }),
    deleting: some(({ deletingSince }) =>
      deletingSince ? { since: Date.parse(deletingSince) } : undefined
    ),
    restores: some(({ populate }) =>
      populate ? { state: populate.state, since: Date.parse(populate.since) } : undefined
    ),
    holds: count(
      policies.flatMap(({ retention }) =>
        retention.flatMap(({ hold }) => (hold ? [hold.kind] : []))
      )
    ),
  };
}

const hasBackup = ({ lastSuccessAt, reasons }: VolumePolicy): boolean =>
  lastSuccessAt !== null && !reasons.some(({ reason }) => reason === 'NewestBackupGone');
