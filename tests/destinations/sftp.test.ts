import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { sftp } from '../../sidecar/src/destinations/ssh/sftpKind.ts';
import type { DestinationUnderTest } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import { describeDestination } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import type { Sshd, SshdOptions } from '../servers/sshd.ts';
import { noSshd, startSshd } from '../servers/sshd.ts';

const INSTALLATION = '0123456789abcdef';

const servers: [string, SshdOptions][] = [
  ['OpenSSH', {}],
  [
    'SFTP alone, without extensions',
    { sftpOnly: true, sftpOptions: '-P hardlink,fsync,statvfs,posix-rename,limits' },
  ],
];

describe.skipIf(noSshd).each(servers)('%s', (name, options) => {
  let server: Sshd;
  beforeAll(async () => {
    server = await startSshd(options);
  });
  afterAll(() => server?.stop());

  describeDestination(`sftp at ${name}`, async () => openAt(server));
});

/** @returns an empty directory of the server, with a name that needs care. */
function openAt(server: Sshd): DestinationUnderTest {
  const directory = mkdtempSync(join(server.data, `it's "große" $HOME `));
  mkdirSync(directory, { recursive: true });
  const settings = sftp.settings.parse({ ...server.secret, directory });
  const open = (installation: string) => {
    const destination = sftp.open(settings, { name: 'offsite', installation, workDir: '/nowhere' });
    onTestFinished(() => destination.close());
    return destination;
  };
  return {
    destination: open(INSTALLATION),
    restarted: () => open(INSTALLATION),
    ofAnother: () => open('fedcba9876543210'),
  };
}
