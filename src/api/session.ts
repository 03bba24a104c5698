import { failureOf } from './failure';

/**
 * Asks the API server who is logged in to Headlamp.
 *
 * @returns a text that is the same for the same person only; undefined when the API server does not tell.
 * @throws what the request threw, e.g. Error{status: 401} when nobody is logged in.
 */
export type WhoAmI = () => Promise<string | undefined>;

export interface Session {
  /**
   * Makes sure that what is held belongs to the person who is logged in now. Headlamp tells nobody when somebody logs
   * out, and the next person uses the same page.
   *
   * @throws what `WhoAmI` threw: then nothing that is held may be used.
   */
  confirm(): Promise<void>;
  /** @returns a `confirm` that also throws when it is another person than now: for streams, which outlive a token. */
  guard(): () => Promise<void>;
  /** Whether it has been confirmed just now. */
  isFresh(): boolean;
  /** Whether the API server tells who it is. */
  isKnown(): boolean;
}

/** What to drop. */
interface Drop {
  /** Another person, or nobody: tokens and answers. */
  all(): void;
  /** The API server does not tell who it is: an older token may be somebody else's. */
  tokens(): void;
}

/** A confirmation is good for this long. */
const FRESH_MS = 5_000;

export function createSession(
  whoAmI: WhoAmI,
  drop: Drop,
  now: () => number = () => Date.now()
): Session {
  /** What was answered last; undefined before the first question, and after nobody was logged in. */
  let last: { person: string | undefined } | undefined;
  let confirmedAt = -Infinity;
  /** How many people there have been. */
  let people = 0;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    let person: string | undefined;
    try {
      person = await whoAmI();
    } catch (error) {
      if (failureOf(error).status === 401) {
        last = undefined;
        confirmedAt = -Infinity;
        people += 1;
        drop.all();
      }
      throw error;
    }
    const before = last;
    last = { person };
    confirmedAt = now();
    if (!before || (person !== undefined && person === before.person)) return;
    people += 1;
    if (person === undefined && before.person === undefined) drop.tokens();
    else drop.all();
  }

  const isFresh = () => now() - confirmedAt < FRESH_MS;
  const confirm = async () => {
    if (isFresh()) return;
    asking ??= ask().finally(() => (asking = undefined));
    await asking;
  };
  return {
    isFresh,
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
