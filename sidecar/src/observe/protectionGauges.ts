import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { PopulateStatus, ProtectionState, RetentionHold } from '../../api/index.ts';
import { POPULATE_STATES, PROTECTION_STATES, RETENTION_HOLDS } from '../../api/index.ts';

interface Named {
  namespace: string;
  name: string;
}

/** The protection of all volumes at one time. Times are in milliseconds since 1970. */
export interface ProtectionSummary {
  states: Readonly<Partial<Record<ProtectionState, number>>>;
  nextRuns: readonly (Named & { at: number })[];
  overdue: readonly (Named & { since: number })[];
  /** Volumes with a schedule that have no good backup. */
  withoutBackup: readonly Named[];
  /** Volumes with labels or annotations that are not valid. */
  invalid: readonly (Named & { count: number })[];
  /** Claims whose deletion has not ended. */
  deleting: readonly (Named & { since: number })[];
  /** Claims that wait for an automatic restore. */
  restores: readonly (Named & { state: PopulateStatus['state']; since: number })[];
  holds: Readonly<Partial<Record<RetentionHold['kind'], number>>>;
}

/**
 * Registers the gauges of protection. Only next runs have a series for each volume with a schedule; the others have one
 * for each that needs attention.
 * @param latest undefined: it is not known, so that there are no series, which has an alert
 */
export function registerProtectionGauges(
  registry: Registry,
  latest: () => ProtectionSummary | undefined
): void {
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    series: (summary: ProtectionSummary) => readonly (readonly [Record<L, string>, number])[]
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        const summary = latest();
        for (const [labels, value] of summary ? series(summary) : []) this.set(labels, value);
      },
    });
  const of = ({ namespace, name }: Named) => ({ namespace, pvc: name });
  const CLAIM: ('namespace' | 'pvc')[] = ['namespace', 'pvc'];

  gauge(
    'nkvm_protection_volumes',
    'Volumes by the state of their protection; no series while it is not known',
    ['state'],
    ({ states }) => PROTECTION_STATES.map(state => [{ state }, states[state] ?? 0])
  );
  gauge(
    'nkvm_schedule_next_run_timestamp_seconds',
    'When a volume with a schedule is backed up next; suspended or held: no series',
    CLAIM,
    ({ nextRuns }) => nextRuns.map(each => [of(each), each.at / 1000])
  );
  gauge(
    'nkvm_protection_overdue_since_timestamp_seconds',
    'Since when a volume with a schedule is overdue; no series for others',
    CLAIM,
    ({ overdue }) => overdue.map(each => [of(each), each.since / 1000])
  );
  gauge(
    'nkvm_protection_without_backup',
    '1 for a volume that has a schedule and no good backup; no series for others',
    CLAIM,
    ({ withoutBackup }) => withoutBackup.map(each => [of(each), 1])
  );
  gauge(
    'nkvm_protection_invalid_values',
    'Labels and annotations of a volume, or of its namespace, that are not valid; none: no series',
    CLAIM,
    ({ invalid }) => invalid.map(each => [of(each), each.count])
  );
  gauge(
    'nkvm_claim_deleting_since_timestamp_seconds',
    'Since when a claim is being deleted; no series for others',
    CLAIM,
    ({ deleting }) => deleting.map(each => [of(each), each.since / 1000])
  );
  gauge(
    'nkvm_automatic_restores',
    'Claims that wait for an automatic restore, by state',
    ['state'],
    ({ restores }) =>
      POPULATE_STATES.map(state => [
        { state },
        restores.filter(restore => restore.state === state).length,
      ])
  );
  gauge(
    'nkvm_automatic_restore_since_timestamp_seconds',
    'Since when a claim waits for an automatic restore, with its state',
    [...CLAIM, 'state'],
    ({ restores }) => restores.map(each => [{ ...of(each), state: each.state }, each.since / 1000])
  );
  gauge(
    'nkvm_retention_held',
    'Volumes at destinations of which retention deletes nothing, by the reason',
    ['kind'],
    ({ holds }) => RETENTION_HOLDS.map(kind => [{ kind }, holds[kind] ?? 0])
  );
}
