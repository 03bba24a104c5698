/**
 * A plain multipart client for S3, as a bench compares with: Amazon's SDK, parts of 8 MiB, three at a time, no checksums
 * and no conditions beyond the signature. With `store-and-prove`, each part has its SHA-256, and the server is asked
 * afterwards for the checksum that it has.
 * usage: SETTINGS='{…}' node tests/bench/support/multipart.ts store|store-and-prove|read|read-and-hash KEY [FILE]
 */
import { S3 } from '@aws-sdk/client-s3';
import { createHash, hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { reportFromHere } from './report.ts';

const PART = 8 * 1024 ** 2;
const IN_FLIGHT = 3;

const [what = '', Key = '', file = ''] = process.argv.slice(2);
const {
  endpoint,
  region,
  bucket: Bucket,
  accessKeyId,
  secretAccessKey,
} = JSON.parse(process.env.SETTINGS ?? '{}');
const report = reportFromHere();
const s3 = new S3({
  endpoint,
  region,
  forcePathStyle: true,
  credentials: { accessKeyId, secretAccessKey },
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
});
if (what.startsWith('store')) {
  const proves = what === 'store-and-prove';
  const from = await open(file);
  const { size } = await from.stat();
  const { UploadId } = await s3.createMultipartUpload({
    ...{ Bucket, Key },
    ...(proves && { ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' }),
  });
  const Parts: { PartNumber: number; ETag: string | undefined; ChecksumSHA256?: string }[] = [];
  let next = 0;
  const sender = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafeSlow(PART);
    while (next * PART < size) {
      const at = next++;
      const { bytesRead } = await from.read(buffer, 0, PART, at * PART);
      const Body = buffer.subarray(0, bytesRead);
      const sum = proves ? { ChecksumSHA256: hash('sha256', Body, 'base64') } : {};
      const part = { Bucket, Key, UploadId, PartNumber: at + 1, Body, ...sum };
      const { ETag } = await s3.uploadPart(part);
      Parts[at] = { PartNumber: at + 1, ETag, ...sum };
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  await s3.completeMultipartUpload({ Bucket, Key, UploadId, MultipartUpload: { Parts } });
  await from.close();
  if (proves) {
    const { ChecksumSHA256 } = await s3.headObject({ Bucket, Key, ChecksumMode: 'ENABLED' });
    const all = createHash('sha256');
    for (const { ChecksumSHA256: one = '' } of Parts) all.update(Buffer.from(one, 'base64'));
    const expected = `${all.digest('base64')}-${Parts.length}`;
    if (ChecksumSHA256 !== expected)
      throw new Error(`the server has ${ChecksumSHA256}, not ${expected}`);
  }
} else {
  const { Body } = await s3.getObject({ Bucket, Key });
  const all = what === 'read-and-hash' ? createHash('sha256') : undefined;
  for await (const chunk of Body as Readable) all?.update(chunk);
  all?.digest('hex');
}
s3.destroy();
report();
