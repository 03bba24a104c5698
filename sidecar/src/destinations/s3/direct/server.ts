import type { Address, DirectServer } from '../../direct.ts';
import { resolveAllowed } from '../../trust/lookup.ts';
import type { Bucket } from '../bucket.ts';
import { serverOf } from '../settings.ts';

/** For so long, a helper connects to the addresses that were looked up. Amazon's change every few seconds. */
const ADDRESSES_MS = 20_000;

/** @returns what gives the addresses of the server of a bucket, each checked. It throws a StageError of the stage. */
export function addressesOf(
  { client, settings }: Pick<Bucket, 'client' | 'settings'>,
  stage: 'copy' | 'checksum'
): (signal?: AbortSignal) => Promise<readonly Address[]> {
  const { host, port } = serverOf(settings);
  let known: { addresses: readonly Address[]; at: number } | undefined;
  return async signal => {
    if (known && performance.now() - known.at < ADDRESSES_MS) return known.addresses;
    const addresses = await resolveAllowed(host, { stage, place: client.where.name, port, signal });
    known = { addresses, at: performance.now() };
    return addresses;
  };
}

/** @returns the server of a bucket as helpers connect to it. */
export function directServer(
  { settings }: Pick<Bucket, 'settings'>,
  addresses: readonly Address[]
): DirectServer {
  const { host, port, isTls } = serverOf(settings);
  const { caBundle, insecure } = settings;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port, isTls, caBundle, insecure, addresses };
}
