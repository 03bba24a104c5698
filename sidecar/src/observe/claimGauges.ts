import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { Inventory } from '../cluster/inventory.ts';
import type { History } from '../history/history.ts';

/** Where the gauges of claims look. */
export interface ClaimGauges {
  inventory: Pick<Inventory, 'claims' | 'isReady'>;
  history: Pick<History, 'ofClaim'>;
}

type Head = 'lastSuccess' | 'lastFailure';

/**
 * Says for each claim of the cluster when it was last backed up, and whether its newest run has failed.
 *
 * Both are worked out from the inventory and the history when Prometheus asks: they are right after a restart; a claim
 * that was made again under its old name has another UID, and no success; one that is gone has no series.
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
        // A list that is not whole would look as if claims were gone: then there is no answer.
        if (!inventory.isReady()) return;
        for (const { namespace, name, uid } of inventory.claims()) {
          const at = endOf(history, uid, namespace, name, head);
          if (at) this.set({ namespace, pvc: name }, Date.parse(at) / 1000);
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
    'When the newest run of a claim ended, where it has failed; no series as soon as another run is asked for',
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
  if (head === 'lastSuccess') return lastSuccess?.endedAt;
  return lastBackup?.status === 'failed' ? lastBackup.endedAt : undefined;
}
