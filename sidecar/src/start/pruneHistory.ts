import { manifestName } from '../archive/name.ts';
import type { Inventory } from '../cluster/inventory/inventory.ts';
import type { Places } from '../destinations/places.ts';
import { textOf } from '../errors.ts';
import type { History } from '../history/history.ts';
import type { PruneOptions } from '../history/pruning/pruneRuns.ts';
import type { PruneRules } from '../history/pruning/pruning.ts';
import type { Log } from '../log.ts';

export interface PruneHistoryOptions {
  history: Pick<History, 'prune'>;
  inventory: Pick<Inventory, 'isReady' | 'problems' | 'claim'>;
  places: Pick<Places, 'get'>;
  rules: PruneRules;
  log: Log;
  signal: AbortSignal;
}

/** @returns a function that prunes the history once, unless it is doing so. It never throws: the next call tries again. */
export function historyPruner(options: PruneHistoryOptions): () => Promise<void> {
  const { history, inventory, places, rules, log, signal } = options;
  let isBusy = false;
  return async () => {
    if (isBusy) return;
    isBusy = true;
    // A claim that the watches do not have may exist while one of them does not answer.
    const claimExists = ({ uid, namespace, name }: { [Key in ClaimKey]: string }) =>
      !inventory.isReady() ||
      inventory.problems().length > 0 ||
      inventory.claim(namespace, name)?.uid === uid;
    try {
      const { old, spare } = await history.prune({
        ...rules,
        claimExists,
        areGone: goneAt(places, signal),
        signal,
      });
      if (old + spare > 0) {
        log.info({ old, spare }, `the history was pruned: ${old + spare} runs without an archive`);
      }
    } catch (error) {
      log.warn({}, `the history could not be pruned, and NKVM tries again: ${textOf(error)}`);
    } finally {
      isBusy = false;
    }
  };
}

/**
 * A destination that does not answer is not asked again. One that is not in the settings any more cannot be asked; its copies
 * count as gone, because nothing comes back from there.
 */
function goneAt(places: Pick<Places, 'get'>, signal: AbortSignal): PruneOptions['areGone'] {
  const silent = new Set<string>();
  return async copies => {
    for (const { state, destination: id, key } of copies) {
      const place = places.get(id);
      if (!place || state === 'failed') continue;
      if (silent.has(id)) return false;
      try {
        if (await place.use().stat(manifestName(key), { signal })) return false;
      } catch {
        silent.add(id);
        return false;
      }
    }
    return true;
  };
}

type ClaimKey = 'uid' | 'namespace' | 'name';
