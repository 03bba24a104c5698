import type { Fence } from '../../fence.ts';
import type { Destination, Staged } from '../destination.ts';
import { isOtherwise } from '../direct.ts';

/**
 * A destination that this process changes only while it may write. Storing under a temporary name is always possible: it
 * changes no archive, and its owner deletes it.
 */
export function fenced(to: Destination, { assertHeld }: Fence): Destination {
  const held =
    <Words extends unknown[], T>(call: (...words: Words) => Promise<T>) =>
    async (...words: Words): Promise<T> => {
      assertHeld();
      return await call(...words);
    };
  const heldStaged = (staged: Staged): Staged => ({ ...staged, publish: held(staged.publish) });
  const { stageDirect } = to;
  return {
    ...to,
    stage: async (...words) => heldStaged(await to.stage(...words)),
    ...(stageDirect && {
      async stageDirect(...words) {
        const staged = await stageDirect(...words);
        return isOtherwise(staged) ? staged : heldStaged(staged);
      },
    }),
    put: held(to.put),
    remove: held(to.remove),
    ...(to.deleteVersions && { deleteVersions: held(to.deleteVersions) }),
    sweep: held(to.sweep),
  };
}
