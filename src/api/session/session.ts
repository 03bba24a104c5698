import { failureOf } from '../failure';

/**
 * Asks the API server who is logged in to Headlamp.
 *
 * @returns a text that is the same for the same person only; undefined when the API server does not tell.
 * @throws what the request threw, e.g. Error{status: 401} when nobody is logged in.
 */
export type WhoAmI = () => Promise<string | undefined>;

export interface Session {
  /**
   * Asks who is logged in, and drops everything that belongs to another person. Headlamp does not tell a plugin when
   * somebody logs out, and the next person uses the same page: so the question always begins after this call. Calls of
   * the same moment share one, and calls while one is under way share the next.
   *
   * @throws what `WhoAmI` threw: then nothing that is held may be used.
   */
  confirm(): Promise<void>;
  /**
   * @returns a `confirm` that also throws when it is another person than now: for streams, which outlive a token, and
   * for a token that was requested in between.
   */
  guard(): () => Promise<void>;
  /** Whether the API server tells who it is. */
  isKnown(): boolean;
}

/** What to drop. */
interface Drop {
  /** Another person, or nobody: tokens and answers. */
  all(): void;
  /** The API server does not tell who it is: an older token may be another person's. */
  tokens(): void;
}

export function createSession(whoAmI: WhoAmI, drop: Drop): Session {
  /** What was answered last; undefined before the first question, and after nobody was logged in. */
  let last: { person: string | undefined } | undefined;
  /** How many people there have been. */
  let people = 0;
  /** The question that has begun; never rejects. */
  let underWay: Promise<void> = Promise.resolve();
  /** The question that has not begun yet. */
  let next: Promise<void> | undefined;

  async function ask(): Promise<void> {
    let person: string | undefined;
    try {
      person = await whoAmI();
    } catch (error) {
      // Once: after the answers are dropped, the pages ask again, and this would repeat as long as the person is not logged in.
      if (failureOf(error).status === 401 && last) {
        last = undefined;
        people += 1;
        drop.all();
      }
      throw error;
    }
    const before = last;
    last = { person };
    if (!before || (person !== undefined && person === before.person)) return;
    people += 1;
    if (person === undefined && before.person === undefined) drop.tokens();
    else drop.all();
  }

  const confirm = (): Promise<void> => {
    next ??= underWay.then(() => {
      next = undefined;
      const asking = ask();
      underWay = asking.catch(() => undefined);
      return asking;
    });
    return next;
  };
  return {
    isKnown: () => last?.person !== undefined,
    confirm,
    guard() {
      const before = people;
      return async () => {
        await confirm();
        if (people !== before) throw new Error('another person has logged in');
      };
    },
  };
}
