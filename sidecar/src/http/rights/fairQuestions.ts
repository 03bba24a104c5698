import type { Access, Subject } from '../../cluster/gateway/access.ts';
import { Refusal } from '../entry/problems.ts';

/**
 * One caller's share of the questions that the API server answers at once, and how many more of them may wait: those of a
 * list that looks at as many namespaces as NKVM_MAX_NAMESPACE_SCAN can say.
 */
export const SHARE = { atOnce: 4, waiting: 12_000 };

interface Line {
  open: number;
  /** Each begins one question. */
  waiting: (() => void)[];
}

/**
 * Lets each caller have a few questions on rights open at a time: one who asks about a hundred volumes at once, which exist or
 * not, does not make others wait. The rest of a caller's questions wait in order.
 * @returns `may`, which also throws a Refusal (429) when too many questions of the caller wait.
 */
export function fairQuestions(may: Access['may'], share = SHARE): Access['may'] {
  const lines = new Map<string, Line>();

  const enter = async (line: Line): Promise<void> => {
    if (line.open < share.atOnce) {
      line.open += 1;
      return;
    }
    if (line.waiting.length >= share.waiting) throw tooMany();
    await new Promise<void>(resolve => line.waiting.push(resolve)); // the place is handed over
  };

  const leave = (who: string, line: Line): void => {
    const next = line.waiting.shift();
    if (next) return next();
    line.open -= 1;
    if (line.open === 0) lines.delete(who);
  };

  return async (subject, action) => {
    const who = idOf(subject);
    const line = lines.get(who) ?? { open: 0, waiting: [] };
    lines.set(who, line);
    await enter(line);
    try {
      return await may(subject, action);
    } finally {
      leave(who, line);
    }
  };
}

const idOf = ({ username, uid }: Subject): string => JSON.stringify([username, uid]);

const tooMany = (): Refusal =>
  new Refusal(
    429,
    'TooManyQuestions',
    'too many requests of this caller are waiting for the API server to check their rights',
    'send fewer requests at a time, or try again in a few seconds'
  );
