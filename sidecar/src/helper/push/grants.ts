import { createHash, randomBytes } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** Direction of an archive: `send` comes out of a helper pod, `fetch` goes into one. */
export type Direction = 'send' | 'fetch';

/** Permission for one helper pod to open one connection. */
export interface Grant {
  /** `namespace/name` of the pod, for messages. */
  pod: string;
  /** Addresses of the pod; none: not known. */
  addresses: readonly string[];
  direction: Direction;
}

/** The facts about a request at the port. */
export interface Knock {
  method: string | undefined;
  /** Path and query. */
  url: string | undefined;
  /** Address that the connection comes from. */
  from: string | undefined;
  /** The grant of its token; undefined: there is none, or its run is over. */
  grant: Grant | undefined;
  isUsed: boolean;
}

export interface Refusal {
  status: 401 | 403 | 404 | 405 | 409;
  /** A sentence: the record of the run shows it as the reason for the other transport. */
  why: string;
}

export const PUSH_PATH = '/archive';

const METHODS: Record<Direction, string> = { send: 'POST', fetch: 'GET' };

/**
 * Decides about a request before anything of its body is read.
 *
 * | request | answer |
 * | --- | --- |
 * | another path; another method than POST or GET | 404; 405 |
 * | no token, a wrong one, or that of a run that is over | 401 |
 * | the token of a run in the other direction | 403 |
 * | the token was used before | 409 |
 * | it comes from another address than the pod has | 403 |
 *
 * The address is more than the token needs, which only that pod has: a copied token is of no use elsewhere.
 * @returns undefined when the request is admitted.
 */
export function refusalOf({ method, url, from, grant, isUsed }: Knock): Refusal | undefined {
  if (url !== PUSH_PATH) return { status: 404, why: 'NKVM does not have that path' };
  if (!Object.values(METHODS).includes(method ?? ''))
    return { status: 405, why: `NKVM does not take ${method ?? 'nothing'} there` };
  if (!grant) return { status: 401, why: 'NKVM does not know the token' };
  if (METHODS[grant.direction] !== method)
    return { status: 403, why: 'the token is for the other direction' };
  if (isUsed) return { status: 409, why: 'the token was used before' };
  const address = plainAddress(from);
  if (grant.addresses.length > 0 && !grant.addresses.map(plainAddress).includes(address))
    return {
      status: 403,
      why: `the connection came from ${
        address || 'an unknown address'
      }, which is not an address of the pod`,
    };
  return undefined;
}

/** An IPv4 address as such, also where it comes as IPv6 (`::ffff:10.1.2.3`). */
function plainAddress(address: string | undefined): string {
  const mapped = /^::ffff:(.+)$/i.exec(address ?? '')?.[1];
  return mapped && isIPv4(mapped) ? mapped : address ?? '';
}

/** Grants by their tokens. A token is known by its hash alone, and is used once. */
export interface Grants<Taken> {
  /** @returns the token, and the end of its life. */
  add(grant: Grant, onTaken: (taken: Taken) => void): { token: string; revoke(): void };
  find(token: string): { grant: Grant; isUsed: boolean; take(taken: Taken): void } | undefined;
}

export function grantsOf<Taken>(): Grants<Taken> {
  const known = new Map<string, { grant: Grant; isUsed: boolean; onTaken(taken: Taken): void }>();
  const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
  return {
    add(grant, onTaken) {
      const token = randomBytes(32).toString('base64url');
      const hash = hashOf(token);
      known.set(hash, { grant, isUsed: false, onTaken });
      return { token, revoke: () => void known.delete(hash) };
    },
    find(token) {
      const found = known.get(hashOf(token));
      return (
        found && {
          grant: found.grant,
          isUsed: found.isUsed,
          take(taken) {
            found.isUsed = true;
            found.onTaken(taken);
          },
        }
      );
    },
  };
}
