import type { Backup } from '../../api/index.ts';
import type { Claim } from '../cluster/inventory.ts';
import type { History } from '../history/history.ts';
import type { Log } from '../log.ts';

/**
 * Decides whether a run keeps pods of the application from starting: a volume for one node at a time stays attached to the
 * node of the helper, and a pod on another node waits until the helper is gone (Kubernetes reports a Multi-Attach error).
 * @param helperNode where the helper runs; null: not known yet.
 * @returns the names of the pods that wait.
 */
export function podsHeldUp(claim: Claim, helperNode: string | null): string[] {
  const isForManyNodes = claim.accessModes.some(
    mode => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany'
  );
  if (helperNode === null || isForManyNodes) return [];
  return claim.pods
    .filter(({ phase, node }) => phase === 'Pending' && node !== null && node !== helperNode)
    .map(({ name }) => name);
}

export interface HeldVolumesOptions {
  /** Ids of the runs under way. */
  running(): string[];
  claimOf(namespace: string, name: string): Claim | undefined;
  history: Pick<History, 'get' | 'note'>;
  log: Pick<Log, 'warn'>;
}

/** @returns what looks at every run under way, and says in its message and in the log which pods it holds up. */
export function heldVolumes({ running, claimOf, history, log }: HeldVolumesOptions): () => void {
  /** The last log entry of each run. */
  let said = new Map<string, string>();
  return () => {
    const before = said;
    said = new Map();
    for (const id of running()) {
      const run = history.get(id);
      const message = run && messageOf(run, claimOf(run.namespace, run.name));
      if (run === undefined || message === undefined) continue;
      said.set(id, message);
      if (message === before.get(id)) continue;
      history.note(id, { message });
      const about = { run: id, namespace: run.namespace, pvc: run.name };
      if (message) log.warn(about, message);
    }
  };
}

const READING: ReadonlySet<Backup['stage']> = new Set<Backup['stage']>(['exec', 'copy']);

/** @returns undefined when there is nothing to say; empty when what was said is not true any more. */
function messageOf(run: Backup, claim: Claim | undefined): string | undefined {
  // Only while the volume is read: later the helper is being deleted, and the outcome has the message.
  if (claim?.uid !== run.uid || !READING.has(run.stage)) return undefined;
  const node = run.helper?.node ?? null;
  const names = podsHeldUp(claim, node);
  if (names.length === 0) return run.message ? '' : undefined;
  // Without names: people who may see backups need not be people who may list pods.
  const pods = names.length > 1 ? `${names.length} pods wait` : 'a pod waits';
  return `${pods} on another node for this volume, which stays where it is until the backup ends; cancel the backup to let the application start now`;
}
