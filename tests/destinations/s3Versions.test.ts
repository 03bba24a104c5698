import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checkAppendOnly } from '../../sidecar/src/destinations/places/appendOnly.ts';
import { s3 } from '../../sidecar/src/destinations/s3/kind.ts';
import { fenced } from '../../sidecar/src/destinations/wrap/fenced.ts';
import { limited } from '../../sidecar/src/destinations/wrap/limited.ts';
import { noFence } from '../../sidecar/src/fence.ts';
import { motoMissing, startMoto } from '../servers/moto.ts';
import type { S3Server } from '../servers/s3Server.ts';
import type { VersitygwServer } from '../servers/versitygw.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';

async function check(data: Record<string, string>) {
  const destination = s3.open(s3.settings.parse(data), {
    name: 'offsite',
    installation: '0123456789abcdef',
    workDir: '/nowhere',
  });
  onTestFinished(() => destination.close());
  return await checkAppendOnly(limited(fenced(destination, noFence), 30_000), {
    owner: 'us',
    secrets: [],
    now: () => new Date(),
    signal: AbortSignal.timeout(30_000),
  });
}

const SERVERS = [
  { name: 'moto', tellsLock: false, missing: motoMissing, start: () => startMoto() },
  { name: 'versitygw', tellsLock: true, missing: versitygwMissing, start: () => startVersitygw() },
];

describe.each(SERVERS)(
  'whether archives can be deleted in s3 of $name',
  ({ missing, tellsLock, start }) => {
    let server: S3Server;
    beforeAll(async () => {
      if (!missing) server = await start();
    });
    afterAll(() => server?.stop());

    /** @returns the settings of a new bucket. */
    async function bucketWith(versioning?: 'Enabled' | 'Suspended', withObjectLock = false) {
      const Bucket = await server.makeBucket({ withObjectLock });
      const client = server.client();
      onTestFinished(() => client.destroy());
      if (versioning)
        await client.putBucketVersioning({
          Bucket,
          VersioningConfiguration: { Status: versioning },
        });
      const versions = async () => (await client.listObjectVersions({ Bucket })).Versions ?? [];
      return { settings: server.settings(Bucket), versions };
    }

    it.skipIf(missing)('they can without versions', async () => {
      const { settings } = await bucketWith();
      expect(await check(settings)).toMatchObject({ result: 'deletable' });
    });

    it.skipIf(missing)('they can where their versions can be deleted as well', async () => {
      const { settings, versions } = await bucketWith('Enabled');
      expect(await check(settings)).toMatchObject({
        result: 'deletable',
        message: expect.stringContaining('earlier versions'),
      });
      expect(await versions()).toEqual([]);
    });

    it.skipIf(missing)('they cannot while their versions are locked', async () => {
      const { settings, versions } = await bucketWith('Enabled', true);
      const lock = { objectLockMode: 'COMPLIANCE', objectLockDays: '1' };
      const { result, message } = await check({ ...settings, ...lock });
      expect({ result, message }).toEqual({
        result: 'protected',
        message: expect.stringMatching(
          tellsLock ? /its lock ends at \d{4}-/ : /could not be deleted/
        ),
      });
      expect(await versions()).toHaveLength(1);
    });

    it.skipIf(missing)('they can where the lock can be bypassed', async () => {
      const { settings } = await bucketWith('Enabled', true);
      const lock = { objectLockMode: 'GOVERNANCE', objectLockDays: '1' };
      expect(await check({ ...settings, ...lock })).toMatchObject({ result: 'deletable' });
    });
  }
);

describe.skipIf(versitygwMissing)('whether archives can be deleted by an account', () => {
  let server: VersitygwServer;
  beforeAll(async () => {
    server = await startVersitygw();
  });
  afterAll(() => server.stop());

  const OBJECTS = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:ListBucket'];

  it.each([
    ['may list versions, not delete them', ['s3:ListBucketVersions'], 'Enabled', 'protected'],
    ['may not list versions', ['s3:GetBucketVersioning'], 'Enabled', 'undetermined'],
    ['may see nothing of versions', [], 'Enabled', 'undetermined'],
    ['may see that there are none', ['s3:GetBucketVersioning'], undefined, 'deletable'],
  ] as const)('that %s: %s, versioning %s', async (_, more, Status, result) => {
    const Bucket = await server.makeBucket();
    const user = { accessKeyId: `user-${Bucket}`, secretAccessKey: 'user-secret' };
    server.makeUser(user);
    const client = server.client();
    onTestFinished(() => client.destroy());
    if (Status) await client.putBucketVersioning({ Bucket, VersioningConfiguration: { Status } });
    const Statement = [
      {
        Effect: 'Allow',
        Principal: { AWS: [user.accessKeyId] },
        Action: [...OBJECTS, ...more],
        Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
      },
    ];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await client.putBucketPolicy({ Bucket, Policy });
    const found = await check(server.settings(Bucket, user));
    expect(found, found.message).toMatchObject({ result });
  });
});
