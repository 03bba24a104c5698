import type { Duplex } from 'node:stream';
import { API_ADDRESS } from '../../cluster/machine/paths.ts';
import type { Relay } from './wire.ts';
import { relay } from './wire.ts';

/** The way from helper pods to the push port of a sidecar, and the settings with which that sidecar uses it. */
export interface PushWay extends Relay {
  readonly env: Record<string, string>;
}

/** @param change what is done to the bytes that come from helper pods */
export async function pushWay(change?: () => Duplex): Promise<PushWay> {
  // The sidecar takes the same port of another address.
  const way = await relay({ host: API_ADDRESS, meters: 'requests', change });
  return {
    ...way,
    env: {
      NKVM_HTTP_HOST: '127.0.0.1',
      NKVM_PUSH_PORT: `${way.port}`,
      NKVM_PUSH_ADDRESS: API_ADDRESS,
      NKVM_PUSH_SOURCE: 'any', // the way has an address of its own
    },
  };
}

/** Settings of a sidecar beside the cluster to which helper pods connect without anything in between. */
export const PUSH_ENV: Record<string, string> = {
  NKVM_HTTP_HOST: '0.0.0.0',
  NKVM_PUSH_PORT: '0',
  NKVM_PUSH_ADDRESS: API_ADDRESS,
};
