import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Stage } from '../../../api/index.ts';
import { within } from '../../within.ts';
import { addressRefused, isRefusedAddress } from './addresses.ts';
import { networkError } from './networkError.ts';

/**
 * Resolves a name like `dns.lookup`, and fails when one of its addresses is one of cloud metadata. It is asked for each
 * connection, so that a name whose address changes between two of them gains nothing. Forms such as `0xA9FEA9FE` are
 * resolved by it as well.
 *
 * Node does not ask it for a host that is an address already: see `assertAllowedHost`.
 */
export const lookupAllowed: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const bad = error ? undefined : addresses.find(({ address }) => isRefusedAddress(address));
    const failure = error ?? (bad && addressRefused(hostname, bad.address));
    if (failure) callback(failure, options.all ? [] : '', 0);
    else if (options.all) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 0);
  });
};

export interface ResolveFor {
  stage: Stage;
  /** For people: what is resolved. */
  place: string;
  port?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Resolves a host for a program that connects by itself, and for checks.
 * @returns its addresses; at least one. @throws StageError
 */
export async function resolveAllowed(
  host: string,
  { stage, place, port, signal }: ResolveFor
): Promise<LookupAddress[]> {
  const plain = host.replace(/^\[(.*)\]$/, '$1');
  const resolving = new Promise<LookupAddress[]>((resolve, reject) => {
    const family = isIP(plain);
    if (family !== 0 && isRefusedAddress(plain)) reject(addressRefused(plain, plain));
    else if (family !== 0) resolve([{ address: plain, family }]);
    else
      lookupAllowed(plain, { all: true }, (error, addresses) => {
        if (error) reject(error);
        else resolve(Array.isArray(addresses) ? addresses : []);
      });
  });
  try {
    return await (signal ? within(signal, resolving) : resolving);
  } catch (error) {
    signal?.throwIfAborted();
    throw networkError(error, { stage, place, host: plain, port });
  }
}
