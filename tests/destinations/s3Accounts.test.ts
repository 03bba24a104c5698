import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { keysOf } from '../../sidecar/src/destinations/destination.ts';
import { s3 } from '../../sidecar/src/destinations/s3/kind.ts';
import type { VersitygwServer } from '../servers/versitygw.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';

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

const bodyOf = (bytes: number) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes; at += MiB) yield Buffer.alloc(Math.min(MiB, bytes - at), 1);
    })()
  );

describe.skipIf(versitygwMissing)(`accounts of s3 ${versitygwMissing ?? ''}`, () => {
  let server: VersitygwServer;
  beforeAll(async () => {
    server = await startVersitygw();
  });
  afterAll(() => server.stop());

  it('an unknown key and a wrong secret are said, and nothing is stored', async () => {
    const data = server.settings(await server.makeBucket());
    const wrongs: Record<string, string>[] = [
      { accessKeyId: 'nobody' },
      { secretAccessKey: 'wrong' },
    ];
    for (const wrong of wrongs) {
      const destination = opened({ ...data, ...wrong });
      const refusal = { reason: 'LoginRefused', class: 'needs-action' };
      await expect(destination.stage('a', bodyOf(10 * MiB))).rejects.toMatchObject(refusal);
      await expect(destination.put('a.json', '{}')).rejects.toMatchObject(refusal);
      await expect(keysOf(destination)).rejects.toMatchObject(refusal);
      await expect(destination.stat('a')).rejects.toMatchObject(refusal);
    }
    expect(await keysOf(opened(data))).toEqual([]);
  });

  it('a bucket that is not there is never an empty one', async () => {
    const destination = opened(server.settings('not-there'));
    const refusal = { reason: 'BucketMissing', message: expect.stringContaining('not-there') };
    await expect(keysOf(destination)).rejects.toMatchObject(refusal);
    await expect(destination.stat('a')).rejects.toMatchObject(refusal);
    await expect(destination.stage('a', bodyOf(10 * MiB))).rejects.toMatchObject(refusal);
  });

  it('a key that may only read stores nothing, and leaves archives as they are', async () => {
    const bucket = await server.makeBucket();
    await opened(server.settings(bucket)).put('good.json', '{}');
    const reader = { accessKeyId: `reader-${bucket}`, secretAccessKey: 'reader-secret' };
    server.makeUser(reader);
    const client = server.client();
    onTestFinished(() => client.destroy());
    const Statement = [
      {
        Effect: 'Allow',
        Principal: { AWS: [reader.accessKeyId] },
        Action: ['s3:GetObject', 's3:ListBucket'],
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
    ];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await client.putBucketPolicy({ Bucket: bucket, Policy });
    const destination = opened(server.settings(bucket, reader));
    const refusal = { reason: 'DestinationReadOnly', class: 'needs-action' };
    await expect(destination.stage('a', bodyOf(10 * MiB))).rejects.toMatchObject(refusal);
    const small = await destination.stage('a', bodyOf(10));
    await expect(small.publish()).rejects.toMatchObject({ ...refusal, stage: 'publish' });
    await expect(destination.remove('good.json')).rejects.toMatchObject(refusal);
    expect(await keysOf(destination)).toEqual(['good.json']);
    expect(await text(await destination.open('good.json'))).toBe('{}');
  });

  it('object lock protects an archive, in one request and in parts', async () => {
    const bucket = await server.makeBucket({ withObjectLock: true });
    const lock = { objectLockMode: 'COMPLIANCE', objectLockDays: '1' };
    const destination = opened({ ...server.settings(bucket), ...lock });
    const client = server.client();
    onTestFinished(() => client.destroy());
    for (const bytes of [100, 10 * MiB]) {
      const key = `a-${bytes}`;
      await (await destination.stage(key, bodyOf(bytes))).publish();
      const { VersionId, ObjectLockMode } = await client.headObject({ Bucket: bucket, Key: key });
      expect(ObjectLockMode).toBe('COMPLIANCE');
      const version = { Bucket: bucket, Key: key, VersionId };
      await expect(client.deleteObject(version)).rejects.toThrow();
    }
  });

  it('a key whose secret is replaced half-way ends the upload, and the next one works', async () => {
    const bucket = await server.makeBucket();
    const old = { accessKeyId: `writer-${bucket}`, secretAccessKey: 'old-secret' };
    server.makeUser(old);
    const client = server.client();
    onTestFinished(() => client.destroy());
    const Statement = [
      {
        Effect: 'Allow',
        Principal: { AWS: [old.accessKeyId] },
        Action: ['s3:*'],
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
    ];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await client.putBucketPolicy({ Bucket: bucket, Policy });
    const before = opened(server.settings(bucket, old));
    const fresh = { ...old, secretAccessKey: 'new-secret' };
    const body = Readable.from(
      (async function* () {
        for (let sent = 0; sent < 40; sent += 1) {
          if (sent === 20) server.changeSecret(fresh);
          yield Buffer.alloc(MiB, 1);
        }
      })()
    );
    await expect(before.stage('a', body)).rejects.toMatchObject({
      stage: 'copy',
      reason: 'LoginRefused',
    });
    const after = opened(server.settings(bucket, fresh));
    expect(await keysOf(after)).toEqual([]);
    expect(await after.sweep()).toBe(1);
    await (await after.stage('a', bodyOf(10 * MiB))).publish();
    expect(await keysOf(after)).toEqual(['a']);
  });

  it('a disk that is full half-way leaves nothing of the archive, and all others', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-full-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', dir], { stdio: 'ignore' });
    } catch {
      return; // needs the right to mount a tmpfs
    }
    onTestFinished(() => void execFileSync('umount', [dir]));
    const full = await startVersitygw({ files: dir });
    onTestFinished(() => full.stop());
    const bucket = await full.makeBucket();
    const destination = opened(full.settings(bucket));
    await destination.put('good.json', '{}');
    await expect(destination.stage('a', bodyOf(64 * MiB))).rejects.toMatchObject({
      stage: 'copy',
      reason: expect.stringMatching(/^Destination(Full|Failed)$/),
    });
    expect(await keysOf(destination)).toEqual(['good.json']);
    await destination.sweep();
    expect(readdirSync(join(dir, bucket)).filter(name => !name.startsWith('.sgwtmp'))).toEqual([
      'good.json',
    ]);
  });
});
