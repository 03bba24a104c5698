import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { Inventory } from '../cluster/inventory.ts';
import type { History } from '../history/history.ts';
import { latestBelievable } from '../history/runId.ts';

/** Sources of the gauges of claims. */
export interface ClaimGauges {
  inventory: Pick<Inventory, 'claims' | 'namespaces' | 'isReady'>;
  history: Pick<History, 'ofClaim'>;
}

type Head = 'lastSuccess' | 'lastFailure';

/**
 * Gauges for each claim of the cluster: when it was last backed up, and whether its newest run has failed.
 *
 * Both are computed from the inventory and the history at each scrape, so they are right after a restart. A claim that was
 * made again under its old name has another UID and no success; a claim that is gone has no series.
 */
export function registerClaimGauges(registry: Registry, { inventory, history }: ClaimGauges): void {
  const gauge = (name: string, help: string, head: Head) =>
    new Gauge({
      name,
      help,
      labelNames: ['namespace', 'pvc'],
      registers: [registry],
      collect() {
        this.reset();
        // An incomplete list would look as if claims were gone.
        if (!inventory.isReady()) return;
        for (const { namespace, name, uid } of inventory.claims()) {
          const at = endOf(history, uid, namespace, name, head);
          if (at) this.set({ namespace, pvc: name }, secondsOf(at));
        }
      },
    });
  gauge(
    'nkvm_last_success_timestamp_seconds',
    'When the newest successful backup of a claim, as it is now, ended; none: no series',
    'lastSuccess'
  );
  gauge(
    'nkvm_last_failure_timestamp_seconds',
    'When the newest run of a claim ended, if it failed; no series as soon as another run is requested',
    'lastFailure'
  );
}

function endOf(
  history: ClaimGauges['history'],
  uid: string,
  namespace: string,
  name: string,
  head: Head
): string | null | undefined {
  const { lastBackup, lastSuccess } = history.ofClaim(uid, namespace, name);
  // A run that was recovered from its manifest may lack its end; without a time no alert would watch the claim.
  if (head === 'lastSuccess') return lastSuccess && (lastSuccess.endedAt ?? lastSuccess.createdAt);
  return lastBackup?.status === 'failed' ? lastBackup.endedAt : undefined;
}

/** A success that a wrong clock has dated far ahead would never be overdue; as one of 1970 it is at once. */
function secondsOf(time: string): number {
  const ms = Date.parse(time);
  return ms <= latestBelievable(Date.now()) ? ms / 1000 : 0;
}
