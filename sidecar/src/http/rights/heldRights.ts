import type { Action, Subject } from '../../cluster/gateway/access.ts';
import type { Rights } from './rights.ts';

/** The rights of a caller while a stream is open. */
export interface HeldRights {
  /** Asks once; the answer then stays. @throws Refusal (503) when the API server did not say. */
  has(action: Action): Promise<boolean>;
  /** Asks again for every right that was given. @throws Refusal (503) when the API server did not say. */
  areStillHeld(): Promise<boolean>;
  /** How many answers are kept. */
  readonly size: number;
}

/** Streams of the same caller share an answer that is not older. */
const SAME_MOMENT_MS = 1_000;

/** A right that is given later counts for the next stream. */
export function heldRights(caller: Subject, rights: Pick<Rights, 'has'>): HeldRights {
  const answers = new Map<string, { action: Action; answer: Promise<boolean> }>();
  return {
    has(action) {
      const key = JSON.stringify(action);
      const known = answers.get(key);
      if (known) return known.answer;
      const answer = rights.has(caller, action);
      answers.set(key, { action, answer });
      answer.catch(() => answers.delete(key));
      return answer;
    },

    async areStillHeld() {
      const again = [...answers.values()].map(async ({ action, answer }) => {
        const wasGiven = await answer.catch(() => false);
        return !wasGiven || (await rights.has(caller, action, SAME_MOMENT_MS));
      });
      return (await Promise.all(again)).every(Boolean);
    },

    get size() {
      return answers.size;
    },
  };
}
