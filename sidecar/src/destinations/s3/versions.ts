import type { ObjectVersion } from '@aws-sdk/client-s3';
import type { Call, VersionsDeleted } from '../destination.ts';
import type { Bucket } from './bucket.ts';
import type { Attempt } from './errors.ts';
import { answerOf } from './errors.ts';

/**
 * Tries to delete the versions that a bucket keeps of a deleted object. In a bucket with versioning, a DELETE without the
 * number of a version only adds a marker, and the bytes stay; see
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html. Retention in mode GOVERNANCE is bypassed
 * where the credentials allow that: a person who steals them could do the same.
 *
 * | list of versions | versioning of the bucket | deleting a version | result |
 * | --- | --- | --- | --- |
 * | has none of the key, or is not offered | | | none |
 * | has some | | works | deleted |
 * | has some | | is refused | kept |
 * | is refused | was never on | | none |
 * | is refused | on or suspended, or refused as well | | unknown |
 *
 * @throws StageError (stage `cleanup`) for any other failure
 */
export async function deleteVersions(
  bucket: Bucket,
  key: string,
  { signal }: Call = {}
): Promise<VersionsDeleted> {
  const { client, at } = bucket;
  const attempt: Attempt = { stage: 'cleanup', what: `list the versions of ${key}`, signal };
  const versions = async (): Promise<ObjectVersion[]> => {
    const { Bucket, Key: Prefix } = at(key);
    const found = await client.raw(attempt, (s3, options) =>
      s3.listObjectVersions({ Bucket, Prefix }, options)
    );
    return (found.Versions ?? []).filter(({ Key }) => Key === Prefix);
  };
  let kept: ObjectVersion[];
  try {
    kept = await versions();
  } catch (error) {
    if (isNotOffered(error)) return NONE;
    if (!isDenied(error)) throw client.wordsOf(error, attempt);
    return await withoutListing(bucket, { ...attempt, what: 'read the versioning of the bucket' });
  }
  if (kept.length === 0) return NONE;
  const until = await lockedUntil(bucket, key, kept[0], attempt);
  for (const { VersionId } of kept) {
    if (!(await isDeleted(bucket, key, VersionId, { ...attempt, what: `delete ${key}` })))
      return { result: 'kept', lockedUntil: until };
  }
  const left = await versions().catch((error: unknown) => {
    throw client.wordsOf(error, attempt);
  });
  return left.length === 0 ? { result: 'deleted' } : { result: 'kept', lockedUntil: until };
}

const NONE = { result: 'none' } as const;

async function withoutListing({ client, at }: Bucket, attempt: Attempt): Promise<VersionsDeleted> {
  try {
    const { Bucket } = at('');
    const { Status } = await client.raw(attempt, (s3, options) =>
      s3.getBucketVersioning({ Bucket }, options)
    );
    if (!Status) return NONE;
    return {
      result: 'unknown',
      why: `the bucket keeps versions (versioning: ${Status}), and the access key may not list them (s3:ListBucketVersions)`,
    };
  } catch (error) {
    if (isNotOffered(error)) return NONE;
    if (!isDenied(error)) throw client.wordsOf(error, attempt);
    return {
      result: 'unknown',
      why: 'the access key may neither list versions (s3:ListBucketVersions) nor read whether the bucket keeps them (s3:GetBucketVersioning)',
    };
  }
}

/** @returns whether the server deleted it; false: it refused. */
async function isDeleted(
  { client, at }: Bucket,
  key: string,
  VersionId: string | undefined,
  attempt: Attempt
): Promise<boolean> {
  const of = { ...at(key), VersionId };
  try {
    await client.raw(attempt, (s3, options) => s3.deleteObject(of, options));
    return true;
  } catch (error) {
    if (!isRefused(error)) throw client.wordsOf(error, attempt);
  }
  try {
    await client.raw(attempt, (s3, options) =>
      s3.deleteObject({ ...of, BypassGovernanceRetention: true }, options)
    );
    return true;
  } catch (error) {
    const { status = 500 } = answerOf(error) ?? {};
    if (status >= 500) throw client.wordsOf(error, attempt);
    return false; // 403, or 400 from a server that does not know the header
  }
}

/** @returns the end of the object lock; undefined: there is none, or the access key may not read it (s3:GetObjectRetention). */
async function lockedUntil(
  { client, at }: Bucket,
  key: string,
  version: ObjectVersion | undefined,
  attempt: Attempt
): Promise<Date | undefined> {
  try {
    const { Retention } = await client.raw(attempt, (s3, options) =>
      s3.getObjectRetention({ ...at(key), VersionId: version?.VersionId }, options)
    );
    return Retention?.RetainUntilDate;
  } catch (error) {
    if (answerOf(error)) return undefined;
    throw client.wordsOf(error, attempt);
  }
}

const isDenied = (error: unknown): boolean => answerOf(error)?.status === 403;

/** MinIO refuses to delete a locked object with 400, `InvalidRequest`: "Object is WORM protected …". */
const isRefused = (error: unknown): boolean => {
  const { status, code = '', message = '' } = answerOf(error) ?? {};
  return status === 403 || status === 405 || /lock|WORM/i.test(`${code} ${message}`);
};

const isNotOffered = (error: unknown): boolean => {
  const { status, code = '' } = answerOf(error) ?? {};
  return status === 405 || status === 501 || /NotImplemented$/.test(code);
};
