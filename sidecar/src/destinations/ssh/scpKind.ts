import type { Kind } from '../kind.ts';
import type { Link, SshCall } from './connection.ts';
import { sshProbes } from './probes.ts';
import { scpDestination } from './scp.ts';
import { shellMissing } from './scpErrors.ts';
import type { SshSettings } from './settings.ts';
import { SshSecret } from './settings.ts';
import { canSum, run } from './shell.ts';
import type { SshPlace } from './sshErrors.ts';
import { sshLocation } from './sshErrors.ts';

export const scp: Kind<SshSettings> = {
  kind: 'scp',
  settings: SshSecret,
  location: settings => sshLocation('scp', settings),
  isInsecure: ({ insecure }) => insecure,
  open: (settings, { name, installation }) =>
    scpDestination(settings, { id: name, installation, location: sshLocation('scp', settings) }),
  probes: settings => sshProbes(settings, sshLocation('scp', settings), describeShell),
};

/** @returns what a server can do, for people. @throws StageError when it runs no commands */
async function describeShell(link: Link, call: SshCall, { place }: SshPlace): Promise<string> {
  const said = await run(link, call, 'echo nkvm:ok', []).catch(error => {
    throw shellMissing(call.stage, place, error);
  });
  if (!said.stdout.includes('nkvm:ok')) throw shellMissing(call.stage, place, said.stderr);
  return `runs commands; ${
    (await canSum(link, call)) ? 'computes SHA-256' : 'computes no SHA-256'
  }`;
}
