import type { Access, Subject } from '../../cluster/gateway/access.ts';
import { lines } from '../entry/lines.ts';
import { Refusal } from '../entry/problems.ts';

/**
 * One caller's share of the questions that the API server answers at once, and how many more of them may wait: those of a
 * list that looks at as many namespaces as NKVM_MAX_NAMESPACE_SCAN can say.
 */
const SHARE = { atOnce: 4, waiting: 12_000 };

/**
 * Lets each caller have a few questions on rights open at a time: one who asks about a hundred volumes at once, which exist or
 * not, does not make others wait. The rest of a caller's questions wait in order.
 * @returns `may`, which also throws a Refusal (429) when too many questions of the caller wait.
 */
export function fairQuestions(may: Access['may'], share = SHARE): Access['may'] {
  const enter = lines(share, tooMany);
  return async (subject, action) => {
    const leave = await enter(idOf(subject));
    try {
      return await may(subject, action);
    } finally {
      leave();
    }
  };
}

const idOf = ({ cluster, username, uid }: Subject): string =>
  JSON.stringify([cluster, username, uid]);

const tooMany = (): Refusal =>
  new Refusal(
    429,
    'TooManyQuestions',
    'too many requests of this caller are waiting for the API server to check their rights',
    'send fewer requests at a time, or try again in a few seconds'
  );
