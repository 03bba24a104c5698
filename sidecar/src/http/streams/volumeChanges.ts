import { setImmediate as breathe } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { VolumeRef } from '../../../api/index.ts';
import type { IsOpen, OpenNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Claim, Inventory } from '../../cluster/inventory/inventory.ts';
import type { History } from '../../history/history.ts';
import type { Log } from '../../log.ts';

/** Finds out which volumes have changed, once for all who follow them. It costs nothing while nobody does. */
export interface VolumeChanges {
  /**
   * Calls `listener` at most once in `everyMs` with the volumes that have changed, appeared or gone since.
   * @returns what ends that.
   */
  follow(listener: (changed: readonly VolumeRef[]) => void): () => void;
}

export interface VolumeChangesOptions {
  inventory: Pick<Inventory, 'isReady' | 'claims' | 'versions'>;
  history: Pick<History, 'onChange'>;
  open: Pick<OpenNamespaces, 'ask'>;
  log: Pick<Log, 'error'>;
  everyMs?: number;
}

/** Whether a namespace is open is not watched: it is asked for, of so many namespaces in one round. */
const OPEN_ASKED_PER_ROUND = 5;
/** Namespaces that are compared before others get their turn on the event loop. */
const COMPARED_AT_ONCE = 20;

interface Known {
  version: string;
  claims: ReadonlyMap<string, Claim>;
}

export function volumeChanges(options: VolumeChangesOptions): VolumeChanges {
  const { inventory, history, open, log, everyMs = 1_000 } = options;
  const listeners = new Set<(changed: readonly VolumeRef[]) => void>();
  let following: { stop(): void } | undefined;

  const follow = (): { stop(): void } => {
    const changed = new Map<string, VolumeRef>();
    const mark = ({ namespace, name }: VolumeRef): void => {
      const key = `${namespace}/${name}`;
      if (!changed.has(key)) changed.set(key, { namespace, name });
    };
    const known = new Map<string, Known>();
    const isOpen = new Map<string, IsOpen>();
    let queue: string[] = [];
    let isStopped = false;

    const look = (namespace: string, version: string): void => {
      const before = known.get(namespace)?.claims;
      const claims = new Map(inventory.claims(namespace).map(claim => [claim.name, claim]));
      known.set(namespace, { version, claims });
      if (!before) return claims.forEach(mark);
      for (const claim of claims.values()) {
        if (!isDeepStrictEqual(claim, before.get(claim.name))) mark(claim);
      }
      for (const claim of before.values()) if (!claims.has(claim.name)) mark(claim);
    };

    const compare = async (): Promise<void> => {
      const versions = inventory.versions();
      for (const [namespace, { claims }] of known) {
        if (versions.has(namespace)) continue;
        known.delete(namespace);
        isOpen.delete(namespace);
        claims.forEach(mark);
      }
      let compared = 0;
      for (const [namespace, version] of versions) {
        if (known.get(namespace)?.version === version) continue;
        look(namespace, version);
        if (++compared % COMPARED_AT_ONCE === 0) await breathe();
      }
    };

    const askForOpen = async (): Promise<void> => {
      if (queue.length === 0) queue = [...known.keys()];
      const asked = queue.splice(0, OPEN_ASKED_PER_ROUND);
      await Promise.all(
        asked.map(async namespace => {
          const now = await open.ask(namespace);
          const before = isOpen.get(namespace);
          if (now === 'unknown') return;
          isOpen.set(namespace, now);
          if (before !== undefined && before !== now) known.get(namespace)?.claims.forEach(mark);
        })
      );
    };

    const round = async (): Promise<void> => {
      try {
        if (inventory.isReady()) await Promise.all([compare(), askForOpen()]);
        if (isStopped || changed.size === 0) return;
        const refs = [...changed.values()];
        changed.clear();
        for (const listener of listeners) listener(refs);
      } catch (error) {
        log.error({ err: error }, 'changes of volumes could not be compared');
      } finally {
        if (!isStopped) timer = setTimeout(round, everyMs);
      }
    };

    // A run can be older than its claim, or its namespace: names of claims that are gone are nobody's to read.
    const endHistory = history.onChange(run => {
      if (known.get(run.namespace)?.claims.has(run.name)) mark(run);
    });
    for (const [namespace, version] of inventory.versions()) look(namespace, version);
    changed.clear();
    let timer = setTimeout(round, everyMs);
    return {
      stop() {
        isStopped = true;
        clearTimeout(timer);
        endHistory();
      },
    };
  };

  return {
    follow(listener) {
      const own = (changed: readonly VolumeRef[]) => listener(changed);
      listeners.add(own);
      following ??= follow();
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        following?.stop();
        following = undefined;
      };
    },
  };
}
