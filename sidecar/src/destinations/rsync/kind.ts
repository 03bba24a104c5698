import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { StageError } from '../../errors.ts';
import type { Kind, Probe } from '../kind.ts';
import { connectAllowed } from '../trust/connect.ts';
import { resolveAllowed } from '../trust/lookup.ts';
import { entriesOf, only } from './remote.ts';
import { rsyncDestination } from './rsync.ts';
import type { RsyncSettings } from './settings.ts';
import { locationOf, RsyncKeys } from './settings.ts';

export const rsync: Kind<RsyncSettings> = {
  kind: 'rsync',
  settings: RsyncKeys,
  location: locationOf,
  /** A daemon encrypts nothing but the password. */
  isInsecure: settings => settings.way === 'daemon' || settings.insecure,
  open: (settings, context) => rsyncDestination(settings, context),
  probes,
};

function probes(settings: RsyncSettings): Probe[] {
  const { host, port } = settings;
  const place = locationOf(settings);
  const stage = 'copy';
  /** Logs in and looks into the directory, for one name that is not there. */
  const logIn = async (signal: AbortSignal) => {
    const call = { stage, signal, workDir: tmpdir(), stallS: 30 } as const;
    for await (const _entry of entriesOf(settings, only(['/.nkvm-probe']), call)) void _entry;
  };
  return [
    {
      step: 'resolve',
      run: async signal =>
        (await resolveAllowed(host, { stage, place, port, signal }))
          .map(at => at.address)
          .join(', '),
    },
    {
      step: 'connect',
      run: async signal => {
        (await connectAllowed({ stage, place, host, port, limitMs: 20_000, signal })).destroy();
        return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
      },
    },
    ...(settings.way === 'daemon'
      ? []
      : [
          {
            step: 'host-key' as const,
            run: async (signal: AbortSignal) => {
              // A login that is refused has come past the host key.
              await logIn(signal).catch(error => {
                if (!(error instanceof StageError) || error.reason.startsWith('HostKey'))
                  throw error;
              });
              return settings.insecure ? 'any host key is accepted' : 'the host key is known';
            },
          },
        ]),
    {
      step: 'login',
      run: async signal => {
        await logIn(signal);
        return settings.username ?? 'anonymous';
      },
    },
  ];
}
