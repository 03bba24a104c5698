import type {
  ChecksumAlgorithm,
  ObjectLockMode,
  ServerSideEncryption,
  StorageClass,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import type { S3Settings } from './settings.ts';

/** Metadata of every object that NKVM stores: which upload made it. So a repeated request finds its own result. */
export const UPLOAD_ID = 'nkvm-upload';

/** The key that the customer holds travels with every request for bytes or for facts on them. */
export const customerKeyOf = ({ customerKey }: S3Settings) =>
  customerKey === undefined ? {} : { SSECustomerAlgorithm: 'AES256', SSECustomerKey: customerKey };

/** @returns what a new object is stored with. */
export const storedWith = (settings: S3Settings, uploadId: string, now: Date) => ({
  Metadata: { [UPLOAD_ID]: uploadId },
  ...customerKeyOf(settings),
  ...(settings.storageClass && { StorageClass: settings.storageClass as StorageClass }),
  ...encryptionOf(settings),
  ...(settings.objectLockMode && {
    ObjectLockMode: settings.objectLockMode satisfies ObjectLockMode,
    ObjectLockRetainUntilDate: new Date(now.getTime() + (settings.objectLockDays ?? 0) * DAY_MS),
  }),
});

const DAY_MS = 24 * 3_600_000;

function encryptionOf({ serverSideEncryption, kmsKeyId }: S3Settings) {
  if (serverSideEncryption === undefined || serverSideEncryption === 'customer') return {};
  return {
    ServerSideEncryption: serverSideEncryption satisfies ServerSideEncryption,
    ...(kmsKeyId && { SSEKMSKeyId: kmsKeyId }),
  };
}

export const SHA256 = 'SHA256' satisfies ChecksumAlgorithm;

/** @returns the SHA-256 as S3 writes it, in base64. */
export const sha256Of = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('base64');

/** @returns the checksum that S3 gives an object that was sent in parts: of their checksums, and how many these are. */
export function compositeOf(checksums: readonly string[]): string {
  const hash = createHash('sha256');
  for (const checksum of checksums) hash.update(Buffer.from(checksum, 'base64'));
  return `${hash.digest('base64')}-${checksums.length}`;
}
