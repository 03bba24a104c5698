import type { Fence } from '../fence.ts';
import type { Destination, Staged } from './destination.ts';

/**
 * A destination that this process changes only while it may write. Storing under a temporary name is always possible: it
 * harms nothing, and its owner deletes it.
 */
export function fenced(to: Destination, { assertHeld }: Fence): Destination {
  const held =
    <Words extends unknown[], T>(call: (...words: Words) => Promise<T>) =>
    async (...words: Words): Promise<T> => {
      assertHeld();
      return await call(...words);
    };
  return {
    ...to,
    async stage(...words) {
      const staged = await to.stage(...words);
      return { ...staged, publish: held(staged.publish) } satisfies Staged;
    },
    put: held(to.put),
    remove: held(to.remove),
    ...(to.deleteVersions && { deleteVersions: held(to.deleteVersions) }),
    sweep: held(to.sweep),
  };
}
