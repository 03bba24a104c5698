import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kind, Probe } from '../kind.ts';
import { connectTls } from '../trust/connect.ts';
import { connectProbe, resolveProbe } from '../trust/serverProbes.ts';
import { resticCommand } from './command.ts';
import { resticDestination } from './restic.ts';
import { locationOf, ResticSettings, serverOf } from './settings.ts';

const LIMIT_MS = 15_000;

export const restic: Kind<ResticSettings> = {
  kind: 'restic',
  settings: ResticSettings,
  location: locationOf,
  isInsecure: settings => settings.insecure || serverOf(settings)?.isTls === false,
  open: (settings, context) => resticDestination(settings, context),
  probes: settings => probesOf(settings),
};

function probesOf(settings: ResticSettings): Probe[] {
  const place = locationOf(settings);
  const server = serverOf(settings);
  const probes: Probe[] = [];
  if (server) {
    const { host, port, isTls } = server;
    const to = (signal: AbortSignal) =>
      ({ stage: 'copy', place, host, port, limitMs: LIMIT_MS, signal } as const);
    probes.push(resolveProbe({ host, port, place }), connectProbe({ host, port, place }));
    if (isTls) {
      probes.push({
        step: 'tls',
        async run(signal) {
          const socket = await connectTls(to(signal), settings);
          const version = socket.getProtocol();
          socket.destroy();
          return `${version}`;
        },
      });
    }
  }
  probes.push({
    step: 'login',
    async run(signal) {
      const workDir = await mkdtemp(join(tmpdir(), 'nkvm-restic-'));
      try {
        // It needs the password, and changes nothing.
        await resticCommand(settings, workDir).run('copy', ['cat', 'config'], { signal });
        return 'the password opens the repository';
      } finally {
        await rm(workDir, { recursive: true, force: true });
      }
    },
  });
  return probes;
}
