import type { RunKind } from '../../../api/index.ts';
import { notReady } from '../../backup/request/admission.ts';
import type { Action, Subject } from '../../cluster/gateway/access.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { notFound } from '../../jobs/attempts/errors.ts';
import { isOfLiveNamespace, rightOn } from '../views/backupView.ts';
import type { HeldRights } from './heldRights.ts';
import { heldRights } from './heldRights.ts';
import type { Rights } from './rights.ts';
import { toList } from './scope.ts';

export interface RunAccessWorld {
  history: Pick<History, 'get'>;
  inventory: Pick<Inventory, 'namespace' | 'isReady'>;
  rights: Rights;
}

/** Which runs a caller may see, and what is asked of who changes one. */
export interface RunAccess {
  /** @throws Refusal (503) when the API server did not say. */
  mayRead(run: RunRecord, held: HeldRights): Promise<boolean>;
  /**
   * @returns a run of one of these kinds.
   * @throws StageError (`…NotFound`) also without the right: ids are not to be tried out.
   */
  seenBy(
    caller: Subject,
    id: string,
    kinds: readonly [RunKind, ...RunKind[]],
    held?: HeldRights
  ): Promise<RunRecord>;
  /** @returns a right on the claim of a run; on the claims of all namespaces where that namespace does not exist any more. */
  rightOn(verb: Action['verb'], subresource: Subresource, run: RunRecord): Action;
}

type Subresource = 'backup' | 'archive' | 'restore';

export function runAccess({ history, inventory, rights }: RunAccessWorld): RunAccess {
  const isLive = (run: RunRecord): boolean =>
    isOfLiveNamespace(run, inventory.namespace(run.namespace));

  /** Runs of a namespace that does not exist any more are for callers who may read those of all namespaces. */
  const mayRead: RunAccess['mayRead'] = async (run, held) => {
    if (isLive(run)) return await held.has(rightOn('get', 'backup', run));
    if (await held.has(toList('backup'))) return true;
    if (!inventory.isReady()) throw notReady();
    return false;
  };

  return {
    mayRead,

    async seenBy(caller, id, kinds, held = heldRights(caller, rights)) {
      const run = history.get(id);
      if (!run || !kinds.includes(run.kind) || !(await mayRead(run, held))) {
        throw notFound(id, kinds[0]);
      }
      return run;
    },

    rightOn: (verb, subresource, run) =>
      isLive(run) ? rightOn(verb, subresource, run) : everywhere(verb, subresource),
  };
}

/** @returns a right on the claims of all namespaces. */
export const everywhere = (verb: Action['verb'], subresource: Subresource): Action => ({
  verb,
  group: '',
  resource: 'persistentvolumeclaims',
  subresource,
});
