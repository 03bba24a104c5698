import { ADMIN_SERVICE_ACCOUNT, USER_SERVICE_ACCOUNT } from '../../../sidecar/api/names.ts';
import { type Failure, failureOf } from '../failure';

/** A token of the ServiceAccount `account` could not be had. */
export class TokenRefused extends Error {
  readonly status: number;
  readonly namespace: string;
  readonly account: string;
  /** What the sidecar answers without a token: whether there is one that wants it. */
  door?: Failure;

  constructor(namespace: string, account: string, cause: unknown) {
    const { status, message } = failureOf(cause);
    super(message, { cause });
    this.status = status;
    this.namespace = namespace;
    this.account = account;
  }
}

/** Asks the API server, as the user, for a token of a ServiceAccount. */
export type Mint = (
  namespace: string,
  account: string
) => Promise<{ token: string; lifeMs: number }>;

export interface Tokens {
  /**
   * @param namespace where the token of a plain user is minted, for those who may not have the administrator's.
   * @throws TokenRefused
   */
  get(namespace?: string): Promise<string>;
  /** Tokens that have been minted. */
  held(): string[];
  /** The sidecar has refused it: the next `get` mints another. */
  forget(token: string): void;
  /** Forgets refusals, too: rights may have changed. */
  reset(): void;
}

interface Held {
  token: Promise<string>;
  /** Known once minted. */
  text?: string;
  /** When to ask again, in ms since 1970. */
  untilMs: number;
}

/** A token is renewed when this part of its life is left. */
const RENEW_AT = 0.2;
/** A 403 is remembered for this long: most people are not administrators, and each list would ask once more. */
const REFUSED_MS = 5 * 60_000;

/**
 * Holds one cluster's tokens, in memory only. Its own clock counts their lives: a browser's may be wrong.
 *
 * @param home the namespace of NKVM, where an administrator's token is minted.
 */
export function createTokens(
  mint: Mint,
  home: () => string,
  now: () => number = () => Date.now()
): Tokens {
  const held = new Map<string, Held>();

  function tokenOf(namespace: string, account: string): Promise<string> {
    const key = `${namespace}/${account}`;
    const known = held.get(key);
    if (known && now() < known.untilMs) return known.token;

    const entry: Held = { untilMs: Infinity, token: Promise.resolve('') };
    entry.token = mint(namespace, account).then(
      ({ token, lifeMs }) => {
        entry.text = token;
        entry.untilMs = now() + lifeMs * (1 - RENEW_AT);
        return token;
      },
      error => {
        const refused = new TokenRefused(namespace, account, error);
        entry.untilMs = refused.status === 403 ? now() + REFUSED_MS : 0;
        if (entry.untilMs === 0 && held.get(key) === entry) held.delete(key);
        throw refused;
      }
    );
    held.set(key, entry);
    return entry.token;
  }

  return {
    async get(namespace) {
      try {
        return await tokenOf(home(), ADMIN_SERVICE_ACCOUNT);
      } catch (error) {
        if (!namespace || failureOf(error).status !== 403) throw error;
        return tokenOf(namespace, USER_SERVICE_ACCOUNT);
      }
    },
    held: () => [...held.values()].flatMap(({ text }) => text ?? []),
    forget(token) {
      for (const [key, { text }] of held) if (text === token) held.delete(key);
    },
    reset: () => held.clear(),
  };
}
