import { S3 } from '@aws-sdk/client-s3';
import type { Server } from './server.ts';

export interface S3Login {
  accessKeyId: string;
  secretAccessKey: string;
}

/** A real S3 server that a test has started for itself. */
export interface S3Server extends Server, S3Login {
  readonly endpoint: string;
  readonly region: string;
  /** @returns the SDK as it is, with no check of a certificate, for what a test does beside the product. Its owner ends it. */
  client(login?: S3Login): S3;
  /** Makes an empty bucket. @returns its name, which no other test has. */
  makeBucket(options?: { withObjectLock?: boolean }): Promise<string>;
  /** @returns the data of a Secret for a bucket: all text. */
  settings(bucket: string, login?: S3Login): Record<string, string>;
}

export const REGION = 'us-east-1';

/** Puts what tests of S3 need around a server that runs. */
export function s3Server(server: Server, login: S3Login, scheme = 'http'): S3Server {
  const endpoint = `${scheme}://${server.host}:${server.port}`;
  let buckets = 0;
  const client = (credentials = login) =>
    new S3({
      endpoint,
      region: REGION,
      forcePathStyle: true,
      credentials,
      requestHandler: { httpsAgent: { rejectUnauthorized: false } },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  return {
    ...server,
    ...login,
    endpoint,
    region: REGION,
    client,
    async makeBucket({ withObjectLock = false } = {}) {
      const bucket = `bucket-${(buckets += 1)}`;
      const s3 = client();
      await s3.createBucket({ Bucket: bucket, ObjectLockEnabledForBucket: withObjectLock });
      s3.destroy();
      return bucket;
    },
    settings: (bucket, { accessKeyId, secretAccessKey } = login) => ({
      endpoint,
      region: REGION,
      bucket,
      accessKeyId,
      secretAccessKey,
    }),
  };
}
