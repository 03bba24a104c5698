import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { keysOf } from '../../sidecar/src/destinations/destination.ts';
import { s3 } from '../../sidecar/src/destinations/s3/kind.ts';
import type { TestCertificate } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { testCertificate } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { motoMissing, startMoto } from '../servers/moto.ts';
import type { S3Server } from '../servers/s3Server.ts';

const MiB = 1024 ** 2;

const opened = (data: Record<string, string>) => {
  const destination = s3.open(s3.settings.parse(data), {
    name: 'offsite',
    installation: '0123456789abcdef',
    workDir: '/nowhere',
  });
  onTestFinished(() => destination.close());
  return destination;
};

describe.skipIf(motoMissing)(`settings of s3 ${motoMissing ?? ''}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startMoto();
  });
  afterAll(() => server.stop());

  it.each([
    ['in one request', 100],
    ['in parts', 10 * MiB],
  ])('an archive sent %s has the class, the key and the lock', async (_, bytes) => {
    const bucket = await server.makeBucket({ withObjectLock: true });
    const destination = opened({
      ...server.settings(bucket),
      storageClass: 'STANDARD_IA',
      serverSideEncryption: 'aws:kms',
      kmsKeyId: 'archives',
      objectLockMode: 'GOVERNANCE',
      objectLockDays: '30',
    });
    const staged = await destination.stage('a.tar.gz', Readable.from([Buffer.alloc(bytes)]));
    await staged.publish();
    const client = server.client();
    onTestFinished(() => client.destroy());
    const found = await client.headObject({ Bucket: bucket, Key: 'a.tar.gz' });
    expect(found).toMatchObject({
      StorageClass: 'STANDARD_IA',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: expect.stringContaining('archives'),
      // moto forgets the lock of an upload in parts
      ...(bytes < 8 * MiB && { ObjectLockMode: 'GOVERNANCE' }),
    });
    if (bytes >= 8 * MiB) return;
    const days = ((found.ObjectLockRetainUntilDate?.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
  });

  it('without checksums are confirmed by the size', async () => {
    const destination = opened({
      ...server.settings(await server.makeBucket()),
      checksum: 'none',
    });
    for (const bytes of [100, 10 * MiB]) {
      const body = Readable.from([Buffer.alloc(bytes)]);
      const staged = await destination.stage(`a-${bytes}`, body);
      await staged.publish();
      expect(await staged.confirm()).toMatchObject({ level: 'size' });
    }
  });
});

describe.skipIf(motoMissing)(`s3 over TLS ${motoMissing ?? ''}`, () => {
  let certificate: TestCertificate;
  let server: S3Server;
  beforeAll(async () => {
    certificate = await testCertificate();
    server = await startMoto(certificate);
  });
  afterAll(async () => {
    await server.stop();
    await certificate.remove();
  });

  it('of a private authority needs caBundle, or insecure', async () => {
    const data = server.settings(await server.makeBucket());
    await expect(keysOf(opened(data))).rejects.toMatchObject({
      reason: 'TlsUntrusted',
      class: 'needs-action',
    });
    const trusting = opened({ ...data, caBundle: certificate.certificate });
    await trusting.put('a.json', '{}');
    expect(await keysOf(opened({ ...data, insecure: 'true' }))).toEqual(['a.json']);
  });

  it('names each step on the way', async () => {
    const bucket = await server.makeBucket();
    const data = { ...server.settings(bucket), caBundle: certificate.certificate };
    const probes = s3.probes(s3.settings.parse(data));
    const seen: string[] = [];
    for (const { step, run } of probes)
      seen.push(`${step}: ${await run(AbortSignal.timeout(10_000))}`);
    expect(seen).toEqual([
      'resolve: 127.0.0.1',
      `connect: 127.0.0.1:${server.port}`,
      expect.stringMatching(/^tls: TLSv1\.[23], nkvm-test, valid until /),
      `login: bucket ${bucket}`,
    ]);
    const missing = s3.probes(s3.settings.parse({ ...data, bucket: 'not-there' }));
    await expect(missing.at(-1)?.run(AbortSignal.timeout(10_000))).rejects.toMatchObject({
      reason: 'BucketMissing',
    });
  });

  it('sends the key of the customer with each request for bytes, and with no other', async () => {
    const seen = new Map<string, boolean>();
    const { key, certificate: cert } = certificate;
    const recorder = createServer({ key, cert }, (incoming, answer) => {
      const { method = '', url = '', headers } = incoming;
      const [path, query = ''] = url.split('?');
      const name = `${method} ${/\/./.test(path?.slice(1) ?? '') ? 'object' : 'bucket'} ${
        /uploads|uploadId/.exec(query)?.[0] ?? ''
      }`.trim();
      if (!url.includes('.tmp-nkvm-'))
        seen.set(name, 'x-amz-server-side-encryption-customer-key' in headers);
      const to = { host: server.host, port: server.port, path: url, method, headers };
      const onward = request({ ...to, rejectUnauthorized: false }, response => {
        answer.writeHead(response.statusCode ?? 500, response.headers);
        response.pipe(answer);
      });
      incoming.pipe(onward);
    });
    await new Promise<void>(resolve => recorder.listen(0, '127.0.0.1', resolve));
    const { port } = recorder.address() as AddressInfo;
    onTestFinished(() => void recorder.close().closeAllConnections());
    const destination = opened({
      ...server.settings(await server.makeBucket()),
      endpoint: `https://127.0.0.1:${port}`,
      caBundle: cert,
      serverSideEncryption: 'customer',
      customerKey: Buffer.alloc(32, 7).toString('base64'),
    });
    for (const bytes of [100, 10 * MiB]) {
      const archive = `a-${bytes}`;
      const staged = await destination.stage(archive, Readable.from([Buffer.alloc(bytes, 'x')]));
      await staged.publish();
      await staged.confirm();
      expect(await text(await destination.open(archive))).toHaveLength(bytes);
    }
    expect(Object.fromEntries(seen)).toEqual({
      'HEAD object': true,
      'GET object': true,
      'GET bucket': false,
      'PUT object': true,
      'PUT object uploadId': true,
      'POST object uploads': true,
      'POST object uploadId': true,
    });
  });
});
