import { StageError } from '../../errors.ts';
import { nameTaken } from '../common/refusals.ts';
import type { Call, Confirmed } from '../destination.ts';
import type { Bucket, Head } from './bucket.ts';
import type { Attempt } from './errors.ts';
import { answerOf, storedDiffers } from './errors.ts';
import { customerKeyOf, SHA256, sha256Of, storedWith } from './object.ts';
import type { Sent } from './upload.ts';
import { checksumOf } from './upload.ts';

/** Gives what was sent its name, and asks what the server holds under it. */
export interface Naming {
  /** @throws StageError (stage `publish`) when the name is taken or the storage refuses */
  name(sent: Sent, call?: Call): Promise<void>;
  /** @throws StageError (stage `checksum`, reason `DigestDiffers`) when the server holds something else, or nothing */
  confirm(sent: Sent, call?: Call): Promise<Confirmed>;
}

export function namingIn(bucket: Bucket, locate: (key: string) => string): Naming {
  const { client, settings } = bucket;
  /** Some servers know no `If-None-Match`. Then only the look beforehand keeps an archive from being replaced. */
  let isConditional = true;

  /** One request that makes the object, in parts that were sent or as a whole. */
  async function make(sent: Sent, attempt: Attempt): Promise<void> {
    const condition = isConditional ? { IfNoneMatch: '*' } : {};
    const { multipart, key } = sent;
    if (multipart) {
      await client.raw(attempt, (s3, options) =>
        s3.completeMultipartUpload(
          {
            ...bucket.at(key),
            ...customerKeyOf(settings),
            ...condition,
            UploadId: multipart.uploadId,
            MultipartUpload: { Parts: multipart.parts },
          },
          options
        )
      );
      return;
    }
    const body = sent.held ?? Buffer.alloc(0);
    await bucket.withChecksums(withThem =>
      client.raw(attempt, (s3, options) =>
        s3.putObject(
          {
            ...bucket.at(key),
            ...storedWith(settings, sent.id, new Date()),
            ...condition,
            Body: body,
            ContentLength: body.length,
            ...(withThem && { ChecksumAlgorithm: SHA256, ChecksumSHA256: sha256Of(body) }),
          },
          options
        )
      )
    );
  }

  /** @returns whether the object is ours: a request whose answer was lost may have worked. @throws StageError */
  async function isOurs({ key, id }: Sent, attempt: Attempt): Promise<boolean> {
    const found = await bucket.head(key, { ...attempt, isWrite: false });
    if (found && found.id !== id) throw nameTaken(locate(key));
    return found !== undefined;
  }

  return {
    async name(sent, { signal } = {}) {
      const attempt = {
        stage: 'publish',
        what: `store ${sent.key}`,
        isWrite: true,
        signal,
      } as const;
      if (await isOurs(sent, attempt)) return;
      for (;;) {
        try {
          return await make(sent, attempt);
        } catch (error) {
          const { code, status } = answerOf(error) ?? {};
          if (isConditional && status === 501) {
            isConditional = false;
            continue;
          }
          signal?.throwIfAborted();
          const isRefusal = status !== undefined && status < 500 && !DECIDED.has(code ?? '');
          if (!isRefusal && (await isOurs(sent, attempt).catch(rethrowTaken))) return;
          throw client.wordsOf(error, attempt);
        }
      }
    },

    async confirm(sent, { signal } = {}) {
      const attempt = { stage: 'checksum', what: `look at ${sent.key}`, signal } as const;
      return confirmed(
        sent,
        await bucket.head(sent.key, attempt),
        settings.checksum,
        locate(sent.key)
      );
    },
  };
}

/** Answers after which somebody has this name, or the upload has ended already. */
const DECIDED = new Set([
  ...['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchUpload', 'OperationAborted'],
]);

const rethrowTaken = (error: unknown): false => {
  if (error instanceof StageError && error.reason === 'NameTaken') throw error;
  return false;
};

/**
 * Compares what was sent with what the server says of its object.
 * @throws StageError (stage `checksum`)
 */
export function confirmed(
  sent: Sent,
  found: Head | undefined,
  mode: 'auto' | 'required' | 'none',
  place: string
): Confirmed {
  const differs = (message: string) => storedDiffers(place, message);
  if (!found) throw differs('is not there, although the server has said that it stored it');
  if (found.id !== undefined && found.id !== sent.id)
    throw differs('was replaced by another upload');
  if (found.bytes !== sent.bytes)
    throw differs(`has ${found.bytes} bytes at the server, and ${sent.bytes} were sent`);
  const expected = mode === 'none' ? undefined : checksumOf(sent);
  const actual = found.checksum?.replace(/-\d+$/, '');
  if (expected !== undefined && actual !== undefined) {
    if (actual !== expected.replace(/-\d+$/, ''))
      throw differs('has another SHA-256 at the server than the bytes that were sent');
    return { level: 'checksum', by: 'SHA-256 of S3' };
  }
  if (mode !== 'required') return { level: 'size', by: 'size at the server' };
  throw new StageError(
    'checksum',
    'ChecksumMissing',
    `archive ${place} has no SHA-256 at the server, and the destination requires one`,
    'set checksum to auto in the Secret, or use a server that knows x-amz-checksum-sha256',
    'needs-action'
  );
}
