import { tmpdir } from 'node:os';
import { StageError } from '../../errors.ts';
import type { Kind, Probe } from '../kind.ts';
import { hostKeyRefused } from '../ssh/hostKeyRefused.ts';
import { fingerprintOf, hostKeyVerdict, parseKnownHosts, typeOf } from '../ssh/knownHosts.ts';
import { resolveAllowed } from '../trust/lookup.ts';
import { connectProbe, resolveProbe } from '../trust/serverProbes.ts';
import { shownKeys } from './process.ts';
import { entriesOf, only } from './remote.ts';
import { rsyncDestination } from './rsync.ts';
import type { RsyncSettings, RsyncSsh } from './settings.ts';
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
    resolveProbe({ host, port, place }),
    connectProbe({ host, port, place }),
    ...(settings.way === 'daemon'
      ? []
      : [
          {
            step: 'host-key' as const,
            run: async (signal: AbortSignal) => {
              if (settings.insecure) return 'any host key is accepted';
              const [at] = await resolveAllowed(host, { stage, place, port, signal });
              const shown = await shownKeys(at?.address ?? host, port);
              return knownOf(settings, shown);
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

/** @returns the key that is known, for people. @throws HostKeyError that shows the one to compare, and the line for it */
export function knownOf(
  settings: Pick<RsyncSettings & RsyncSsh, 'host' | 'port' | 'knownHosts'>,
  shown: string[]
): string {
  const { host, port } = settings;
  const known = parseKnownHosts(settings.knownHosts);
  const keys = shown.map(line => ({
    host,
    port,
    key: Buffer.from(line.split(' ')[1] ?? '', 'base64'),
  }));
  const verdicts = keys.map(key => ({ key, verdict: hostKeyVerdict(known, key) }));
  const good = verdicts.find(({ verdict }) => verdict === 'known');
  if (good) return fingerprintOf(good.key.key);
  const [first] = [...verdicts].sort((one, other) => rank(other.key.key) - rank(one.key.key));
  const at = { stage: 'copy', place: host } as const;
  if (!first || first.verdict === 'known')
    throw new StageError(
      ...(['copy', 'HostKeyUnknown', `destination ${host}:${port} shows no host key`] as const),
      ...(['see whether this is the port of SSH; NKVM tries again', 'transient'] as const)
    );
  throw hostKeyRefused(first.verdict, first.key, at);
}

/** The key that servers have everywhere now, before others. */
const rank = (key: Buffer): number => (typeOf(key) === 'ssh-ed25519' ? 1 : 0);
