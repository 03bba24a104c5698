import type { Kind } from '../kind.ts';
import { sshProbes } from './probes.ts';
import type { SshSettings } from './settings.ts';
import { SshSecret } from './settings.ts';
import { sftpDestination } from './sftp.ts';
import { describeSftp } from './sftpSession.ts';
import { sshLocation } from './sshErrors.ts';

export const sftp: Kind<SshSettings> = {
  kind: 'sftp',
  settings: SshSecret,
  location: settings => sshLocation('sftp', settings),
  isInsecure: ({ insecure }) => insecure,
  open: (settings, { name, installation }) =>
    sftpDestination(settings, {
      id: name,
      installation,
      location: sshLocation('sftp', settings),
    }),
  probes: settings => sshProbes(settings, sshLocation('sftp', settings), describeSftp),
};
