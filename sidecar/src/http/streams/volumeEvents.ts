import type { Volume, VolumeRef, VolumesChange } from '../../../api/index.ts';
import type { Action } from '../../cluster/gateway/access.ts';
import type { Claim, Inventory } from '../../cluster/inventory/inventory.ts';
import type { HeldRights } from '../rights/heldRights.ts';
import { toList } from '../rights/scope.ts';
import type { VolumeRights } from '../views/volumeView.ts';
import { LIST_PODS, toBackUp } from '../views/volumeView.ts';
import type { EventStream } from './eventStreams.ts';

/** More volumes in one event would be a long line for little; a slow client gets the rest later. */
const MOST_IN_ONE = 500;
/** With more changes waiting, reading the list again is cheaper. It also bounds what a stream keeps. */
const MOST_WAITING = 2_000;
/** Answers on rights that a stream keeps. */
const MOST_ANSWERS = 5_000;

export interface VolumeEventsOptions {
  rights: HeldRights;
  /** Volumes of this namespace only. */
  namespace?: string | undefined;
  inventory: Pick<Inventory, 'claim'>;
  view(claim: Claim, may: VolumeRights): Promise<Volume>;
}

/**
 * Sends what changed in volumes that the caller may list. Only names are kept of changes; the volumes are read when the
 * client can take them, so that a slow client gets the newest state and fills no memory.
 */
export function volumeEvents(stream: () => EventStream | undefined, options: VolumeEventsOptions) {
  const { rights, inventory, view } = options;
  const waiting = new Map<string, VolumeRef>();
  let isSending = false;

  const has = async (action: Action, { namespace }: VolumeRef): Promise<boolean> =>
    (!options.namespace && (await rights.has(action))) ||
    (await rights.has({ ...action, namespace }));

  const mayDo = async (ref: VolumeRef): Promise<VolumeRights> => {
    const [backups, pods, inNamespace] = await Promise.all([
      has(toList('backup'), ref),
      has(LIST_PODS, ref),
      has(toBackUp(), ref),
    ]);
    const backUp = inNamespace || (await rights.has(toBackUp(ref.namespace, ref.name)));
    return { backups, pods, backUp };
  };

  const changeOf = async (refs: readonly VolumeRef[]): Promise<VolumesChange> => {
    const change: VolumesChange = { volumes: [], removed: [] };
    for (const ref of refs) {
      if (!(await has(toList(), ref))) continue;
      const claim = inventory.claim(ref.namespace, ref.name);
      if (claim) change.volumes.push(await view(claim, await mayDo(ref)));
      else change.removed.push(ref);
    }
    return change;
  };

  const flush = async (): Promise<void> => {
    const to = stream();
    if (isSending || waiting.size === 0 || !to?.isOpen || !to.isClear) return;
    if (waiting.size > MOST_WAITING || rights.size > MOST_ANSWERS) return to.end('reload');
    isSending = true;
    const refs = [...waiting.values()].slice(0, MOST_IN_ONE);
    for (const { namespace, name } of refs) waiting.delete(`${namespace}/${name}`);
    try {
      const change = await changeOf(refs);
      if (change.volumes.length + change.removed.length > 0) to.send('change', change);
    } catch {
      to.end('rights-unknown');
    } finally {
      isSending = false;
    }
    if (waiting.size > 0) await flush();
  };

  return {
    changed(refs: readonly VolumeRef[]): void {
      for (const ref of refs) {
        if (options.namespace && ref.namespace !== options.namespace) continue;
        waiting.set(`${ref.namespace}/${ref.name}`, ref);
      }
      void flush();
    },
    flush: () => void flush(),
  };
}
