import type { PopulateStatus } from '../../../../api/index.ts';
import type { Claim, ClusterInventory } from '../../../cluster/inventory/inventory.ts';
import type { BackupRestores } from '../../../cluster/writes/backupRestores.ts';
import { textOf } from '../../../errors.ts';
import type { Queue } from '../../../jobs/queue/queue.ts';
import type { Log } from '../../../log.ts';
import { asksForRestore, isFirstRestoreOpen } from '../firstRestore.ts';
import { runUnderWay } from './pastRuns.ts';
import type { ReconcileWorld } from './reconcile.ts';
import { reconcile } from './reconcile.ts';
import { sweepFillings } from './sweepFillings.ts';
import type { Tell } from './tell.ts';

export interface ControllerWorld extends Omit<ReconcileWorld, 'queue' | 'tell'> {
  inventory: Pick<ClusterInventory, 'claims' | 'versions' | 'isReady' | 'namespace'>;
  queue: Pick<Queue, 'add' | 'cancel'>;
  restores: Pick<BackupRestores, 'isInstalled'>;
  tell: Tell;
  log: Pick<Log, 'info' | 'warn'>;
  /** Milliseconds that never go back. */
  clock(): number;
}

/** Gives claims that wait for NKVM their first data. */
export interface PopulateController {
  /** One look at everything; to be called every second. Never throws. */
  tick(signal: AbortSignal): Promise<void>;
  /** A destination works again: every claim that waits is looked at now. */
  hurry(): void;
  /** @returns what a claim waits for; null: it is not one that NKVM gives a volume to, or it has its volume. */
  statusOf(namespace: string, name: string): PopulateStatus | null;
  /** Whether claims are restored automatically: deploy/k8s/zero-touch is applied. */
  isInstalled(): boolean;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

/** Between two questions whether the CRD is there. */
const INSTALLED_MS = 15_000;
const SWEEP_MS = 30_000;
/** Claims that are decided and handed over side by side. */
const TOGETHER = 8;

interface Waiting {
  claim: Claim;
  /** When it is looked at next, on `clock`. */
  dueAt: number;
  /** Facts that hurry the next look when they change. */
  print: string;
}

export function populateController(world: ControllerWorld): PopulateController {
  const { inventory, tell, log, clock } = world;
  const waiting = new Map<string, Waiting>();
  /** UIDs by `namespace/name`. */
  const names = new Map<string, string>();
  const busy = new Map<string, Promise<void>>();
  let versions = new Map<string, string>();
  let isInstalled = false;
  let askedAt = -Infinity;
  let sweptAt = -Infinity;
  let said: string | undefined;

  const askInstalled = async (signal: AbortSignal): Promise<void> => {
    if (clock() - askedAt < INSTALLED_MS) return;
    askedAt = clock();
    try {
      // Each installation has a namespace of its own for this: without it, another one in the cluster restores.
      const is =
        inventory.namespace(world.fillings) !== undefined &&
        (await world.restores.isInstalled(signal));
      if (is !== isInstalled)
        log.info({ isInstalled: is }, `automatic restores are ${is ? 'on' : 'off'}`);
      isInstalled = is;
      said = undefined;
    } catch (error) {
      // It stays as it was: an API server that is unavailable has not removed anything.
      const text = textOf(error);
      if (said !== text) log.warn({}, `it is not known whether claims are to be restored: ${text}`);
      said = text;
    }
  };

  /** Only namespaces in which something has changed are read again. */
  const refresh = (): void => {
    const now = inventory.versions();
    const changed = [...now].filter(([name, text]) => versions.get(name) !== text);
    const gone = [...versions.keys()].filter(name => !now.has(name));
    versions = now;
    for (const namespace of [...changed.map(([name]) => name), ...gone]) {
      const seen = new Set<string>();
      for (const claim of inventory.claims(namespace)) {
        if (!asksForRestore(claim) || !isOpen(claim) || claim.terminating) continue;
        seen.add(claim.uid);
        const print = printOf(claim);
        const before = waiting.get(claim.uid);
        const dueAt = before?.print === print ? before.dueAt : clock();
        waiting.set(claim.uid, { claim, print, dueAt });
        names.set(nameOf(claim), claim.uid);
      }
      for (const [uid, { claim }] of waiting) {
        if (claim.namespace === namespace && !seen.has(uid)) void left(claim);
      }
    }
  };

  /** A claim that is bound, deleted, or being deleted. */
  const left = async (claim: Claim): Promise<void> => {
    waiting.delete(claim.uid);
    if (names.get(nameOf(claim)) === claim.uid) names.delete(nameOf(claim));
    const live = inventory.claims(claim.namespace).find(({ uid }) => uid === claim.uid);
    if (live && !live.terminating) {
      const last = tell.last(claim.uid);
      if (live.phase === 'Bound' && last && last.state !== 'bound') {
        const bound = { state: 'bound', reason: 'Bound', hint: null, retryAt: null } as const;
        await tell.say(claim, { ...last, ...bound, message: messageOfBound(last.backup) });
      }
      tell.forget(claim.uid);
      return;
    }
    tell.forget(claim.uid);
    const run = runUnderWay(world.history, claim);
    if (!run) return;
    log.info({ ...{ namespace: claim.namespace, pvc: claim.name }, run: run.id }, CLAIM_GONE);
    await world.queue
      .cancel(run.id)
      .catch(error => log.warn({ run: run.id }, `it could not be cancelled: ${textOf(error)}`));
  };

  const sweep = async (): Promise<void> => {
    if (clock() - sweptAt < SWEEP_MS) return;
    sweptAt = clock();
    await sweepFillings(world);
  };

  const work = (signal: AbortSignal): void => {
    for (const [uid, entry] of waiting) {
      if (busy.size >= TOGETHER || signal.aborted) return;
      if (busy.has(uid) || entry.dueAt > clock()) continue;
      const one = reconcile(entry.claim, world, signal)
        .then(lookMs => {
          const now = waiting.get(uid);
          // Something has changed meanwhile: `refresh` has made it due.
          if (now?.print === entry.print) now.dueAt = clock() + lookMs;
        })
        .finally(() => {
          busy.delete(uid);
          work(signal);
        });
      busy.set(uid, one);
    }
  };

  return {
    async tick(signal) {
      try {
        await askInstalled(signal);
        if (!isInstalled || !inventory.isReady()) return;
        refresh();
        work(signal);
        await sweep();
      } catch (error) {
        log.warn({}, `claims that wait for their data could not be checked: ${textOf(error)}`);
      }
    },
    hurry: () => waiting.forEach(entry => void (entry.dueAt = clock())),
    statusOf(namespace, name) {
      const claim = waiting.get(names.get(nameOf({ namespace, name })) ?? '')?.claim;
      if (!claim) return null;
      const last = tell.last(claim.uid);
      if (!last) return deciding(claim);
      return last.state === 'bound' ? null : { ...last, state: last.state };
    },
    isInstalled: () => isInstalled,
    async settled() {
      while (busy.size > 0) await Promise.allSettled(busy.values());
    },
  };
}

const nameOf = ({ namespace, name }: { namespace: string; name: string }): string =>
  `${namespace}/${name}`;

const CLAIM_GONE = 'a claim was deleted while it was restored: its restore is cancelled';

const messageOfBound = (backup: string | null): string =>
  backup === null ? 'the claim is bound' : `the claim is bound, restored from backup ${backup}`;

/** It waits for its volume, or something else has given it one. */
const isOpen = (claim: Claim): boolean =>
  claim.phase === 'Pending' || (claim.phase === 'Bound' && isFirstRestoreOpen(claim));

/** A change of these makes the next look come at once. */
const printOf = (claim: Claim): string => {
  const { phase, policyNotes, labels, pods, selectedNode, storageClass } = claim;
  const places = pods.map(({ name, node }) => [name, node]);
  return JSON.stringify([phase, policyNotes, labels, places, selectedNode, storageClass]);
};

const deciding = (claim: Claim): PopulateStatus => ({
  state: 'deciding',
  reason: 'Deciding',
  message: 'NKVM is looking for backups of this claim',
  hint: null,
  backup: null,
  restore: null,
  since: claim.createdAt,
  retryAt: null,
});
