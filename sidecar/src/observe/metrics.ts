import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import type { Backup } from '../../api/index.ts';
import type { ClaimGauges } from './claimGauges.ts';
import { registerClaimGauges } from './claimGauges.ts';
import type { Outcome } from './eventSender.ts';
import type { StateGauges } from './stateGauges.ts';
import { registerStateGauges } from './stateGauges.ts';

/** What Prometheus is told. Its series carry names of namespaces and claims: `/metrics` asks for a right. */
export interface Metrics {
  registry: Registry;
  /** Counts a run that has ended. */
  ended(
    run: Pick<Backup, 'status' | 'stage' | 'bytes' | 'namespace' | 'startedAt' | 'endedAt'>
  ): void;
  /** Counts what became of one Kubernetes Event. */
  event(outcome: Outcome): void;
}

const RESULTS = ['success', 'failed', 'cancelled'];

/** What is at nought in every namespace with claims before it happens. */
const USUAL_ENDS = [
  { result: 'success', stage: 'cleanup' },
  ...['create', 'wait', 'exec', 'copy', 'checksum', 'publish'].map(stage => ({
    result: 'failed',
    stage,
  })),
];

/** From a small volume to the default limit of a run, 6 h, and twice that. */
const DURATION_SECONDS = [5, 15, 30, 60, 150, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200];
const MIB = 2 ** 20;
const ARCHIVE_BYTES = [1, 8, 64, 512, 4096, 32_768, 262_144, 2_097_152].map(size => size * MIB);

/**
 * A label takes the name of a claim only where there is one series for each claim; what has buckets has neither
 * namespace nor claim. So 10,000 claims are 20,000 series at most, and they are gone when the claims are.
 */
export function createMetrics(seen: ClaimGauges & StateGauges): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counted = new Set<string>();
  const runs = new Counter({
    name: 'nkvm_backups_total',
    help: 'Runs that have ended, by result and by the stage at which they ended (a success ends at cleanup)',
    labelNames: ['result', 'stage', 'namespace'],
    registers,
    collect() {
      for (const { namespace } of seen.inventory.claims()) {
        if (counted.has(namespace)) continue;
        counted.add(namespace);
        for (const end of USUAL_ENDS) this.inc({ ...end, namespace }, 0);
      }
    },
  });
  const durations = new Histogram({
    name: 'nkvm_backup_duration_seconds',
    help: 'Time from the start of a run, not from its request, to its end, by result',
    labelNames: ['result'],
    buckets: DURATION_SECONDS,
    registers,
  });
  const bytes = new Histogram({
    name: 'nkvm_backup_bytes',
    help: 'Sizes of published archives. A histogram, because its sum is the total that a counter would give, and its buckets tell an archive that has shrunk',
    buckets: ARCHIVE_BYTES,
    registers,
  });
  const events = new Counter({
    name: 'nkvm_events_total',
    help: 'Kubernetes Events on claims: sent, dropped by the limit of their rate, forbidden, or failed on the way',
    labelNames: ['outcome'],
    registers,
  });
  // At nought from the start, as above: a series that begins at 1 has no increase that Prometheus could see.
  for (const result of RESULTS) durations.zero({ result });
  for (const outcome of ['sent', 'dropped', 'forbidden', 'failed']) events.inc({ outcome }, 0);
  registerClaimGauges(registry, seen);
  registerStateGauges(registry, seen);

  return {
    registry,
    ended({ status, stage, namespace, startedAt, endedAt, bytes: size }) {
      runs.inc({ result: status, stage: stage ?? 'queue', namespace });
      if (status === 'success' && size !== null) bytes.observe(size);
      if (!startedAt || !endedAt) return;
      // The clock may have been set back meanwhile.
      const ms = Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
      durations.observe({ result: status }, ms / 1000);
    },
    event: outcome => events.inc({ outcome }),
  };
}
