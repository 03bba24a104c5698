/**
 * A plain multipart client for S3, as a bench compares with: Amazon's SDK, parts of 8 MiB, three at a time, no checksums
 * and no conditions beyond the signature.
 * usage: SETTINGS='{…}' node tests/bench/support/multipart.ts store|read KEY [FILE]
 */
import { S3 } from '@aws-sdk/client-s3';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

const PART = 8 * 1024 ** 2;
const IN_FLIGHT = 3;

const [what, Key = '', file = ''] = process.argv.slice(2);
const {
  endpoint,
  region,
  bucket: Bucket,
  accessKeyId,
  secretAccessKey,
} = JSON.parse(process.env.SETTINGS ?? '{}');
const s3 = new S3({
  endpoint,
  region,
  forcePathStyle: true,
  credentials: { accessKeyId, secretAccessKey },
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
});
if (what === 'store') {
  const from = await open(file);
  const { size } = await from.stat();
  const { UploadId } = await s3.createMultipartUpload({ Bucket, Key });
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  let next = 0;
  const sender = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafeSlow(PART);
    while (next * PART < size) {
      const at = next++;
      const { bytesRead } = await from.read(buffer, 0, PART, at * PART);
      const Body = buffer.subarray(0, bytesRead);
      const { ETag } = await s3.uploadPart({ Bucket, Key, UploadId, PartNumber: at + 1, Body });
      Parts[at] = { PartNumber: at + 1, ETag };
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  await s3.completeMultipartUpload({ Bucket, Key, UploadId, MultipartUpload: { Parts } });
  await from.close();
} else {
  const { Body } = await s3.getObject({ Bucket, Key });
  for await (const chunk of Body as Readable) void chunk;
}
s3.destroy();
