import { lookup } from 'node:dns/promises';
import type { Probe } from '../kind.ts';
import { connectAllowed } from '../trust/connect.ts';
import { networkError } from '../trust/networkError.ts';
import type { Link, SshCall } from './connection.ts';
import { LIMITS, sshConnection } from './connection.ts';
import { fingerprintOf, typeOf } from './knownHosts.ts';
import { readHostKey } from './login.ts';
import type { SshSettings } from './settings.ts';
import type { SshPlace } from './sshErrors.ts';

/** The abilities of a session, for people. */
export type Describe = (link: Link, call: SshCall, place: SshPlace) => Promise<string>;

/**
 * The way to a server, step by step. Each step makes a connection of its own.
 * @param describe looks at what follows the login
 */
export function sshProbes(settings: SshSettings, location: string, describe: Describe): Probe[] {
  const place: SshPlace = { ...settings, place: location };
  const { host, port } = settings;
  const stage = 'copy';
  const limitMs = LIMITS.connectMs;
  const connect = (signal: AbortSignal) => connectAllowed({ ...place, stage, limitMs, signal });
  return [
    {
      step: 'resolve',
      async run() {
        try {
          const found = await lookup(host.replace(/^\[(.*)\]$/, '$1'), { all: true });
          return found.map(({ address }) => address).join(', ');
        } catch (error) {
          throw networkError(error, { ...place, stage });
        }
      },
    },
    {
      step: 'connect',
      async run(signal) {
        const socket = await connect(signal);
        const at = `${socket.remoteAddress}:${port}`;
        socket.destroy();
        return at;
      },
    },
    {
      step: 'host-key',
      async run(signal) {
        const { key } = await readHostKey(settings, place, { stage, signal, limitMs });
        const trusted = settings.insecure ? 'not compared: insecure' : 'known';
        return `${typeOf(key)} ${fingerprintOf(key)}, ${trusted}`;
      },
    },
    {
      step: 'login',
      async run(signal) {
        const connection = sshConnection(settings, place);
        try {
          const link = await connection.link({ stage, signal });
          const can = await describe(link, { stage, signal }, place);
          return `${settings.username}, by ${link.login.method}; ${can}`;
        } finally {
          await connection.close();
        }
      },
    },
  ];
}
