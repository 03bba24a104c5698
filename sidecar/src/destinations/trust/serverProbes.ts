import { isIP } from 'node:net';
import type { Probe } from '../kind.ts';
import { connectAllowed } from './connect.ts';
import { resolveAllowed } from './lookup.ts';

/** The server that a check connects to. */
export interface CheckedServer {
  host: string;
  port: number;
  /** For people: the destination. */
  place: string;
}

const LIMIT_MS = 20_000;
const stage = 'copy';

/** Step `resolve` of a check: shows the addresses of the server. */
export const resolveProbe = ({ host, port, place }: CheckedServer): Probe => ({
  step: 'resolve',
  async run(signal) {
    const addresses = await resolveAllowed(host, { stage, place, port, signal });
    return addresses.map(({ address }) => address).join(', ');
  },
});

/** Step `connect` of a check: a TCP connection is opened and closed. */
export const connectProbe = ({ host, port, place }: CheckedServer): Probe => ({
  step: 'connect',
  async run(signal) {
    (await connectAllowed({ stage, place, host, port, limitMs: LIMIT_MS, signal })).destroy();
    return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  },
});
