import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { Inventory } from '../cluster/inventory/inventory.ts';
import type { History } from '../history/history.ts';
import { latestBelievable } from '../history/runId.ts';

/** Sources of the gauges of claims. */
export interface ClaimGauges {
  inventory: Pick<Inventory, 'claims' | 'namespaces' | 'isReady'>;
  history: Pick<History, 'ofClaim' | 'checkFailure'>;
}

type Head = 'lastSuccess' | 'lastFailure' | 'lastProvenRestore';

/**
 * Gauges for each claim of the cluster: when it was last backed up, whether its newest run has failed, and when a backup of
 * it was last restored or checked. Claims of which none was have no series of that.
 *
 * They are computed from the inventory and the history at each scrape, so they are right after a restart. A claim that was
 * created again under its old name has another UID and no success; a claim that was deleted has no series.
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
  gauge(
    'nkvm_last_proven_restore_timestamp_seconds',
    'When a backup of a claim was last restored as a whole and compared, by a drill or by a restore; never: no series',
    'lastProvenRestore'
  );
  new Gauge({
    name: 'nkvm_last_check_failure_timestamp_seconds',
    help: 'When the newest verification, or drill, of the backups of a claim ended, if it failed',
    labelNames: ['namespace', 'pvc', 'kind'],
    registers: [registry],
    collect() {
      this.reset();
      if (!inventory.isReady()) return;
      for (const claim of inventory.claims()) {
        for (const kind of ['verify', 'drill'] as const) {
          const at = history.checkFailure(kind, claim);
          const labels = { namespace: claim.namespace, pvc: claim.name, kind };
          if (at) this.set(labels, secondsOf(at));
        }
      }
    },
  });
}

function endOf(
  history: ClaimGauges['history'],
  uid: string,
  namespace: string,
  name: string,
  head: Head
): string | null | undefined {
  const { lastBackup, lastSuccess, lastProvenRestore } = history.ofClaim(uid, namespace, name);
  if (head === 'lastProvenRestore') return lastProvenRestore?.at;
  // A run that was recovered from its manifest may lack its end; without a time no alert would watch the claim.
  if (head === 'lastSuccess') return lastSuccess && (lastSuccess.endedAt ?? lastSuccess.createdAt);
  return lastBackup?.status === 'failed' ? lastBackup.endedAt : undefined;
}

/** A success that a wrong clock has dated far ahead would never be overdue; as one of 1970 it is at once. */
function secondsOf(time: string): number {
  const ms = Date.parse(time);
  return ms <= latestBelievable(Date.now()) ? ms / 1000 : 0;
}
