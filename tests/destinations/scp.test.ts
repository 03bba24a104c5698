import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { scp } from '../../sidecar/src/destinations/ssh/scpKind.ts';
import type { DestinationUnderTest } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import { describeDestination } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import type { Sshd } from '../servers/sshd.ts';
import { noSshd, startSshd } from '../servers/sshd.ts';

const INSTALLATION = '0123456789abcdef';

describe.skipIf(noSshd)('a server that runs commands', () => {
  let server: Sshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());

  describeDestination('scp at OpenSSH', async () => openAt(server));
});

/** @returns an empty directory of the server, with a name that needs care. */
function openAt(server: Sshd): DestinationUnderTest {
  const directory = mkdtempSync(join(server.data, `it's "große" $HOME `));
  mkdirSync(directory, { recursive: true });
  const settings = scp.settings.parse({ ...server.secret, directory });
  const open = (installation: string) => {
    const destination = scp.open(settings, { name: 'offsite', installation, workDir: '/nowhere' });
    onTestFinished(() => destination.close());
    return destination;
  };
  return {
    destination: open(INSTALLATION),
    restarted: () => open(INSTALLATION),
    ofAnother: () => open('fedcba9876543210'),
    // a shell and a sync for each; a page has 50
    differs: { keysOfPagingTest: 61 },
  };
}
