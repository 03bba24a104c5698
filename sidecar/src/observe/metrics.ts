import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import type { Backup } from '../../api/index.ts';
import { TRANSPORTS } from '../../api/index.ts';
import type { ClaimGauges } from './claimGauges.ts';
import { registerClaimGauges } from './claimGauges.ts';
import type { Outcome } from './eventSender.ts';
import type { StateGauges } from './stateGauges.ts';
import { registerStateGauges } from './stateGauges.ts';

/** Metrics for Prometheus. Their series carry names of namespaces and claims: `/metrics` needs a right. */
export interface Metrics {
  registry: Registry;
  /** Counts a run that has ended. */
  ended(
    run: Pick<
      Backup,
      'kind' | 'status' | 'stage' | 'bytes' | 'namespace' | 'startedAt' | 'endedAt' | 'transport'
    >
  ): void;
  /** Counts a request at the push port that was refused with an HTTP status; 0: before there was one. */
  pushRefused(status: number): void;
  /** Counts the outcome of one Kubernetes Event. */
  event(outcome: Outcome): void;
}

interface RunLabels {
  result: string;
  stage: string;
  namespace: string;
}

const RESULTS = ['success', 'failed', 'cancelled'];

/** Counters that start at zero in every namespace that has claims. */
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
 * Only metrics with one series for each claim have the name of a claim as a label; histograms have neither namespace nor
 * claim. So 10,000 claims are 50,000 series at most, and usually 20,000. Series end with their claim or namespace.
 * @param cluster label of every series; undefined: NKVM's own cluster, whose series have no such label, and the process
 */
export function createMetrics(seen: ClaimGauges & StateGauges, cluster?: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (cluster === undefined) collectDefaultMetrics({ register: registry });
  else registry.setDefaultLabels({ cluster });
  /** The series of each namespace, to be removed with it. */
  const counted = new Map<string, Map<string, RunLabels>>();
  const count = (labels: RunLabels, by: number): void => {
    const series = counted.get(labels.namespace) ?? new Map<string, RunLabels>();
    counted.set(labels.namespace, series.set(`${labels.result} ${labels.stage}`, labels));
    runs.inc({ ...labels }, by);
  };
  /** Namespaces that have series of restores. */
  const restored = new Set<string>();
  /** Namespaces that had claims at the last scrape. */
  let begun: ReadonlySet<string> = new Set();
  const runs = new Counter({
    name: 'nkvm_backups_total',
    help: 'Runs that have ended, by result and by the stage at which they ended (a success ends at cleanup)',
    labelNames: ['result', 'stage', 'namespace'],
    registers,
    collect() {
      if (!seen.inventory.isReady()) return;
      const existing = new Set(seen.inventory.namespaces());
      for (const [namespace, series] of counted) {
        if (existing.has(namespace)) continue;
        counted.delete(namespace);
        for (const labels of series.values()) this.remove({ ...labels });
      }
      const withClaims = new Set(seen.inventory.claims().map(({ namespace }) => namespace));
      for (const namespace of withClaims) {
        if (begun.has(namespace)) continue;
        for (const end of USUAL_ENDS) count({ ...end, namespace }, 0);
      }
      begun = withClaims;
    },
  });
  const restores = new Counter({
    name: 'nkvm_restores_total',
    help: 'Restores that have ended, by status and by the namespace that they wrote into',
    labelNames: ['status', 'namespace'],
    registers,
    collect() {
      if (!seen.inventory.isReady()) return;
      const existing = new Set(seen.inventory.namespaces());
      for (const namespace of restored) {
        if (existing.has(namespace)) continue;
        restored.delete(namespace);
        for (const status of RESULTS) this.remove({ status, namespace });
      }
      // Zero from the start: a restore into a namespace of which nobody has heard is rare, and its failure must be seen.
      for (const namespace of existing) {
        if (restored.has(namespace)) continue;
        restored.add(namespace);
        for (const status of RESULTS) this.inc({ status, namespace }, 0);
      }
    },
  });
  const checks = new Counter({
    name: 'nkvm_checks_total',
    help: 'Verifications and restore drills that have ended, by kind and status',
    labelNames: ['kind', 'status'],
    registers,
  });
  const transfers = new Counter({
    name: 'nkvm_transfers_total',
    help: 'Runs that have ended and moved an archive from a volume or into one, by kind and by the way that it travelled',
    labelNames: ['kind', 'transport'],
    registers,
  });
  for (const kind of ['backup', 'restore', 'drill']) {
    for (const transport of TRANSPORTS) transfers.inc({ kind, transport }, 0);
  }
  const refusals = new Counter({
    name: 'nkvm_push_refused_total',
    help: 'Connections to the port of helper pods that were refused, by HTTP status; 0: without TLS',
    labelNames: ['status'],
    registers,
  });
  for (const status of [0, 401, 403, 404, 405, 409]) refusals.inc({ status }, 0);
  for (const kind of ['verify', 'drill']) {
    for (const status of RESULTS) checks.inc({ kind, status }, 0);
  }
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
  // Zero from the start, as above: Prometheus sees no increase in a series that begins at 1.
  for (const result of RESULTS) durations.zero({ result });
  for (const outcome of ['sent', 'dropped', 'forbidden', 'failed']) events.inc({ outcome }, 0);
  registerClaimGauges(registry, seen);
  registerStateGauges(registry, seen);

  return {
    registry,
    ended({ kind, status, stage, namespace, startedAt, endedAt, bytes: size, transport }) {
      if (transport !== null) transfers.inc({ kind, transport });
      if (kind === 'restore') return restores.inc({ status, namespace });
      if (kind === 'verify' || kind === 'drill') return checks.inc({ kind, status });
      count({ result: status, stage: stage ?? 'queue', namespace }, 1);
      if (status === 'success' && size !== null) bytes.observe(size);
      if (!startedAt || !endedAt) return;
      // The clock may have been set back meanwhile.
      const ms = Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
      durations.observe({ result: status }, ms / 1000);
    },
    pushRefused: status => refusals.inc({ status }),
    event: outcome => events.inc({ outcome }),
  };
}
