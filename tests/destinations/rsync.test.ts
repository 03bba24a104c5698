import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { rsync } from '../../sidecar/src/destinations/rsync/kind.ts';
import type { DestinationUnderTest } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import { describeDestination } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import type { Rsyncd } from '../servers/rsyncd.ts';
import { noRsync, startRsyncd } from '../servers/rsyncd.ts';
import type { Sshd } from '../servers/sshd.ts';
import { noSshd, startSshd } from '../servers/sshd.ts';

const INSTALLATION = '0123456789abcdef';

/** Opens a destination that ends with the test. */
function underTest(keys: Record<string, string>): DestinationUnderTest {
  const settings = rsync.settings.parse(keys);
  const workDir = mkdtempSync(join(tmpdir(), 'nkvm-rsync-work-'));
  const open = (installation = INSTALLATION) => {
    const destination = rsync.open(settings, { name: 'offsite', installation, workDir });
    onTestFinished(async () => {
      await destination.close();
      rmSync(workDir, { recursive: true, force: true });
    });
    return destination;
  };
  return {
    destination: open(),
    restarted: () => open(),
    ofAnother: () => open('fedcba9876543210'),
    differs: { keysOfPagingTest: 6 }, // each starts rsync six times
  };
}

describe.skipIf(noRsync)(`rsync daemon${noRsync ? `: ${noRsync}` : ''}`, () => {
  let server: Rsyncd;
  beforeAll(async () => {
    server = await startRsyncd();
  });
  afterAll(() => server?.stop());

  describeDestination('rsync', async () => {
    const directory = randomUUID();
    mkdirSync(join(server.files, directory));
    return underTest(server.secret(directory));
  });
});

const noSsh = noRsync ?? noSshd;
describe.skipIf(noSsh)(`rsync over ssh${noSsh ? `: ${noSsh}` : ''}`, () => {
  let server: Sshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());

  describeDestination('rsync', async () => {
    const directory = join(server.data, randomUUID());
    mkdirSync(directory);
    return underTest({ ...server.secret, directory });
  });
});
