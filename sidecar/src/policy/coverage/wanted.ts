import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import { slotsOf } from '../schedule/slots.ts';
import type { Wish } from '../wish/wish.ts';
import type { WishSettings } from '../wish/wishOf.ts';
import { wishOf } from '../wish/wishOf.ts';
import type { Slots } from './slots.ts';
import { remembered } from './slots.ts';

/** The wish of a claim, and the times of its schedule; null where it has none. */
export interface Wanted {
  wish: Wish;
  slots: Slots | null;
}

/**
 * Reads labels and annotations once for as long as neither the claim nor its namespace changes.
 * @param namespaceOf the namespace as it is now; undefined: it is not known
 */
export function wantedBy(
  namespaceOf: (name: string) => NamespaceFact | undefined,
  settings: WishSettings
): (claim: Claim) => Wanted {
  const known = new WeakMap<Claim, Wanted & { namespace: NamespaceFact | undefined }>();
  return claim => {
    const namespace = namespaceOf(claim.namespace);
    const before = known.get(claim);
    if (before && before.namespace === namespace) return before;
    const wish = wishOf(claim, namespace, settings);
    const schedule = wish.schedule && slotsOf(wish.schedule);
    const slots =
      schedule && remembered({ nextAfter: ms => schedule.next(new Date(ms))?.getTime() ?? null });
    const wanted = { wish, slots, namespace };
    known.set(claim, wanted);
    return wanted;
  };
}
