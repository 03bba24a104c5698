import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DirectPart } from '../../sidecar/src/destinations/direct.ts';
import { signPart, signRead } from '../../sidecar/src/destinations/s3/direct/sign.ts';
import { S3Settings } from '../../sidecar/src/destinations/s3/settings.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';

const body = randomBytes(1000);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');
const part: DirectPart = { number: 1, bytes: body.length, sha256: sha256(body) };
const KEY = 'archive';
const CHECKSUM = 'x-amz-checksum-sha256';

/** A request of a helper pod, or of another client that has copied it. */
interface Request {
  method: string;
  path: string;
  body: Buffer;
  headers: Record<string, string>;
}

describe.skipIf(versitygwMissing)(`signed requests for parts ${versitygwMissing ?? ''}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startVersitygw();
  });
  afterAll(() => server.stop());

  /** @param ageMs how long ago the request was signed */
  async function signed(ageMs = 0) {
    const bucket = await server.makeBucket();
    const s3 = server.client();
    const begin = async (): Promise<string> => {
      const { UploadId = '' } = await s3.createMultipartUpload({
        ...{ Bucket: bucket, Key: KEY, ChecksumAlgorithm: 'SHA256' },
      });
      return UploadId;
    };
    const uploadId = await begin();
    const settings = S3Settings.parse({ ...server.settings(bucket), forcePathStyle: 'true' });
    const upload = { key: KEY, uploadId };
    const now = new Date(Date.now() - ageMs);
    const { path, headers } = await signPart(s3, settings, upload, part, now);
    const usual: Request = {
      ...{ method: 'PUT', path, body },
      headers: { [CHECKSUM]: String(headers[CHECKSUM]) },
    };
    return {
      s3,
      bucket,
      upload,
      another: await begin(),
      /** @returns the status; undefined: the connection was closed before there was one. */
      async send(change: Partial<Request> = {}): Promise<number | undefined> {
        const { method, path, body, headers } = { ...usual, ...change };
        const hasBody = method === 'PUT' || method === 'POST';
        const sent = fetch(server.endpoint + path, {
          ...{ method, headers, ...(hasBody && { body: new Uint8Array(body) }) },
        });
        return await sent.then(
          ({ status }) => status,
          () => undefined
        );
      },
      path,
      async parts() {
        const { Parts = [] } = await s3.listParts({
          ...{ Bucket: bucket, Key: KEY, UploadId: uploadId },
        });
        return Parts.map(({ PartNumber, ChecksumSHA256 }) => [PartNumber, ChecksumSHA256]);
      },
    };
  }

  it('store the part that they were signed for, and a second time the same', async () => {
    const { send, parts, s3 } = await signed();
    expect(await send()).toBe(200);
    expect(await send()).toBe(200);
    expect(await parts()).toEqual([[1, part.sha256]]);
    s3.destroy();
  });

  const others = randomBytes(body.length);
  it.each<[string, (path: string, another: string) => Partial<Request>]>([
    ['other bytes', () => ({ body: others })],
    [
      'other bytes with their own checksum',
      () => ({ body: others, headers: { [CHECKSUM]: sha256(others) } }),
    ],
    ['a longer part', () => ({ body: Buffer.concat([body, body]) })],
    ['no checksum', () => ({ headers: {} })],
    ['another number', path => ({ path: path.replace('partNumber=1', 'partNumber=2') })],
    [
      'another upload',
      (path, another) => ({ path: path.replace(/uploadId=[^&]*/, `uploadId=${another}`) }),
    ],
    ['another name', path => ({ path: path.replace(`/${KEY}?`, `/${KEY}-2?`) })],
    ['another bucket', path => ({ path: path.replace(/^\/[^/]*/, '/bucket-0') })],
    ['a longer life', path => ({ path: path.replace('X-Amz-Expires=600', 'X-Amz-Expires=6000') })],
    ['the whole object', path => ({ path: path.replace(/[?&](partNumber|uploadId)=[^&]*/g, '') })],
    ['reading', () => ({ method: 'GET' })],
    ['deleting', () => ({ method: 'DELETE' })],
  ])('are refused for %s', async (_, change) => {
    const { send, parts, path, another, s3 } = await signed();
    const status = await send(change(path, another));
    expect(status === undefined || (status >= 400 && status < 500)).toBe(true);
    expect(await parts()).toEqual([]);
    s3.destroy();
  });

  it('are refused when they have expired', async () => {
    const { send, parts, s3 } = await signed(601_000);
    expect(await send()).toBe(403);
    expect(await parts()).toEqual([]);
    s3.destroy();
  });

  it('are refused when the upload has ended', async () => {
    const { send, s3, bucket, upload } = await signed();
    const { key: Key, uploadId: UploadId } = upload;
    await s3.abortMultipartUpload({ Bucket: bucket, Key, UploadId });
    expect(await send()).toBe(404);
    s3.destroy();
  });

  it.each<[string, number, (path: string) => [path: string, init?: RequestInit], number]>([
    ['read the archive', 0, path => [path], 200],
    ['read a range of it', 0, path => [path, { headers: { range: 'bytes=2-4' } }], 206],
    ['do not read another object', 0, path => [path.replace(KEY, 'other')], 403],
    ['do not delete it', 0, path => [path, { method: 'DELETE' }], 403],
    ['do not replace it', 0, path => [path, { method: 'PUT', body: 'other' }], 403],
    ['do not list the bucket', 0, path => [path.replace(`/${KEY}`, '/')], 403],
    ['do not read after they have expired', 601_000, path => [path], 403],
  ])('for reading %s', async (_, ageMs, change, expected) => {
    const bucket = await server.makeBucket();
    const s3 = server.client();
    for (const Key of [KEY, 'other']) await s3.putObject({ Bucket: bucket, Key, Body: 'bytes' });
    const settings = S3Settings.parse({ ...server.settings(bucket), forcePathStyle: 'true' });
    const { path } = await signRead(s3, settings, KEY, new Date(Date.now() - ageMs));
    const [changed, init] = change(path);
    const { status } = await fetch(server.endpoint + changed, init);
    expect(status).toBe(expected);
    for (const Key of [KEY, 'other']) {
      const { Body } = await s3.getObject({ Bucket: bucket, Key });
      expect(await Body?.transformToString()).toBe('bytes');
    }
    s3.destroy();
  });
});
