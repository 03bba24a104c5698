import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { s3 } from '../../sidecar/src/destinations/s3/kind.ts';
import { describeDestination } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import { motoMissing, startMoto } from '../servers/moto.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';

const MiB = 1024 ** 2;

describe.each<[string, string | undefined, () => Promise<S3Server>, string]>([
  ['versitygw', versitygwMissing, startVersitygw, ''],
  ['moto', motoMissing, startMoto, ''],
])('%s', (name, missing, start, publishesTogether) => {
  describe.skipIf(missing)(missing ?? 'is there', () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    describeDestination(`s3 of ${name}`, async () => {
      const data = { ...server.settings(await server.makeBucket()), prefix: 'a/b' };
      const opened = (installation: string) => {
        const destination = s3.open(s3.settings.parse(data), {
          name: 'offsite',
          installation,
          workDir: '/nowhere',
        });
        onTestFinished(() => destination.close());
        return destination;
      };
      return {
        destination: opened('0123456789abcdef'),
        restarted: () => opened('0123456789abcdef'),
        ofAnother: () => opened('fedcba9876543210'),
        differs: { heldBytes: 8 * MiB, ...(publishesTogether && { publishesTogether }) },
      };
    });
  });
});
