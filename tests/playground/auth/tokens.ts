import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { kindNamed } from '../store/kinds.ts';
import type { ServiceAccount } from '../store/object.ts';
import type { Store } from '../store/store.ts';
import { authenticated, type User } from './user.ts';

const SERVICE_ACCOUNTS = kindNamed('serviceaccounts');

/** Issuer of the tokens, and the audience of those that are for the API server itself. */
export const API_AUDIENCE = 'https://kubernetes.default.svc';

interface Claims {
  aud: string[];
  /** Seconds since 1970. */
  exp: number;
  iat: number;
  nbf: number;
  iss: string;
  jti: string;
  sub: string;
  'kubernetes.io': { namespace: string; serviceaccount: { name: string; uid: string } };
}

export type Verdict = { user: User; audiences: string[] } | { error: string };

/**
 * Tokens: those of ServiceAccounts (signed, with audience and expiry) and fixed ones of named users. A ServiceAccount's
 * token is a JWT as on a real cluster, but signed with a secret (HS256) and not with a key pair.
 */
export class Tokens {
  readonly #store: Store;
  readonly #now: () => Date;
  readonly #secret = randomBytes(32);
  readonly #fixed = new Map<string, User>();

  constructor(store: Store, now: () => Date) {
    this.#store = store;
    this.#now = now;
  }

  /** @returns a token of the user, valid as long as the playground runs. */
  fixedFor(user: User): string {
    for (const [token, known] of this.#fixed) if (known.username === user.username) return token;
    const token = randomBytes(16).toString('hex');
    this.#fixed.set(token, user);
    return token;
  }

  /** @returns a token of the ServiceAccount, and when it ends. */
  issue(
    { metadata }: ServiceAccount,
    audiences: readonly string[],
    lifeSeconds: number
  ): { token: string; expires: Date } {
    const issuedAt = Math.floor(this.#now().getTime() / 1000);
    const claims: Claims = {
      aud: audiences.length ? [...audiences] : [API_AUDIENCE],
      exp: issuedAt + lifeSeconds,
      iat: issuedAt,
      iss: API_AUDIENCE,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace: metadata.namespace ?? '',
        serviceaccount: { name: metadata.name, uid: metadata.uid },
      },
      nbf: issuedAt,
      sub: `system:serviceaccount:${metadata.namespace}:${metadata.name}`,
    };
    const body = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return { token: `${body}.${this.#sign(body)}`, expires: new Date(claims.exp * 1000) };
  }

  /** @param audiences whom the token must be meant for: one of them. */
  verify(token: string, audiences: readonly string[] = [API_AUDIENCE]): Verdict {
    const fixed = this.#fixed.get(token);
    if (fixed) {
      const meant = audiences.filter(audience => audience === API_AUDIENCE);
      return meant.length ? { user: fixed, audiences: meant } : { error: 'invalid bearer token' };
    }
    const claims = this.#read(token);
    if (!claims) return { error: 'invalid bearer token' };
    const problem = this.#problem(claims, audiences);
    if (problem) return { error: `[invalid bearer token, ${problem}]` };
    const user = authenticated(claims.sub);
    user.uid = claims['kubernetes.io'].serviceaccount.uid;
    user.extra = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] };
    return { user, audiences: claims.aud.filter(audience => audiences.includes(audience)) };
  }

  /** @returns undefined for what was not signed here. */
  #read(token: string): Claims | undefined {
    const [header, claims, signature] = token.split('.');
    if (!header || !claims || !signature) return undefined;
    const given = Buffer.from(signature);
    const right = Buffer.from(this.#sign(`${header}.${claims}`));
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as Claims;
  }

  #problem(claims: Claims, audiences: readonly string[]): string | undefined {
    if (!claims.aud.some(audience => audiences.includes(audience))) {
      return `token audiences ${list(claims.aud)} is invalid for the target audiences ${list(
        audiences
      )}`;
    }
    if (claims.exp * 1000 <= this.#now().getTime()) return 'service account token has expired';
    const { namespace, serviceaccount } = claims['kubernetes.io'];
    const account = this.#store.get(SERVICE_ACCOUNTS, namespace, serviceaccount.name);
    if (!account) return `serviceaccounts "${serviceaccount.name}" not found`;
    if (account.metadata.uid === serviceaccount.uid) return undefined;
    return `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const list = (names: readonly string[]): string =>
  `[${names.map(name => JSON.stringify(name)).join(' ')}]`;
