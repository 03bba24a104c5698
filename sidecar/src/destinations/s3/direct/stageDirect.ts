import { randomUUID } from 'node:crypto';
import { StageError, textOf } from '../../../errors.ts';
import { streamBroke } from '../../common/refusals.ts';
import type { StageCall } from '../../destination.ts';
import type { DirectPart, DirectSender, DirectTerms, Otherwise } from '../../direct.ts';
import { isOtherwise } from '../../direct.ts';
import type { Bucket } from '../bucket.ts';
import { answerOf } from '../errors.ts';
import type { Markers } from '../markers.ts';
import { MAX_PARTS } from '../partSizes.ts';
import type { Multipart, Sent } from '../upload.ts';
import { abortUpload, createUpload } from '../upload.ts';
import type { AbortedUploads } from './abortedUploads.ts';
import { directSizes } from './directSizes.ts';
import { addressesOf, directServer } from './server.ts';
import { signPart } from './sign.ts';
import { agreedParts, storedParts } from './storedParts.ts';

/**
 * Lets `sender` send the archive in parts, and compares what the server holds with what was sent. The upload is created when
 * the first part is ready: an archive that fits into one takes another way.
 * @param locate names the archive in errors
 * @throws StageError. Nothing is left then, or it is left to `sweep`.
 */
export async function sendDirect(
  bucket: Bucket,
  markers: Markers,
  aborted: AbortedUploads,
  locate: (key: string) => string,
  key: string,
  sender: DirectSender,
  { signal, expectedBytes, onceGone }: StageCall = {}
): Promise<Sent | Otherwise> {
  const { client, settings } = bucket;
  if (settings.checksum === 'none' || !bucket.usesChecksums())
    return { otherwise: 'the storage keeps no checksums of parts' };
  if (settings.customerKey !== undefined)
    return { otherwise: 'requests to the storage carry the key of the customer' };

  await aborted.again();
  const id = randomUUID();
  const signed = new Map<number, DirectPart>();
  let upload: Multipart | undefined;
  const addresses = addressesOf(bucket, 'copy');

  /** @returns undefined where the server has no checksums. */
  const begin = async (): Promise<Multipart | undefined> => {
    const created = await createUpload(bucket, key, id, signal ?? new AbortController().signal);
    // From here on it is known, so that whatever fails next aborts it.
    upload = { ...created, marker: '', parts: [] };
    if (!created.withChecksums) return undefined;
    upload.marker = await markers.write({ key, uploadId: created.uploadId }, signal);
    return upload;
  };

  const list = async (most?: number) => {
    const attempt = { stage: 'checksum', what: `list the parts of ${key}`, signal } as const;
    const { uploadId } = there();
    return await storedParts(bucket, { key, uploadId }, attempt, most).catch(error => {
      throw client.wordsOf(error, attempt);
    });
  };
  const there = (): Multipart => {
    if (!upload) throw new Error('no upload has begun');
    return upload;
  };

  const letGo = async () => {
    if (!upload) return;
    const { uploadId, marker } = upload;
    const abort = (marker: string) => abortUpload(bucket, markers, key, { uploadId, marker });
    await abort(marker).catch(() => undefined);
    onceGone?.(() => abort(marker).catch(() => undefined));
    aborted.add(() => abort(''));
  };

  const terms: DirectTerms = {
    ...directServer(bucket, await addresses(signal)),
    ...directSizes(expectedBytes),
    maxParts: MAX_PARTS,
  };
  try {
    const sent = await sender.send(
      terms,
      {
        async sign(part) {
          const before = signed.get(part.number);
          if (before && (before.bytes !== part.bytes || before.sha256 !== part.sha256))
            throw partChanged(client.where.name, key, part.number);
          if (!upload && !(await begin()))
            return { otherwise: 'the storage keeps no checksums of parts' };
          signed.set(part.number, part);
          const { uploadId } = there();
          const attempt = { stage: 'copy', what: `store part ${part.number} of ${key}` } as const;
          const request = await client.call({ ...attempt, isWrite: true, signal }, s3 =>
            signPart(s3, settings, { key: key, uploadId }, part, new Date())
          );
          return { ...request, addresses: await addresses(signal) };
        },
        async begun(part) {
          try {
            const [first] = await list(1);
            if (first?.sha256 === part.sha256 && first.bytes === part.bytes) return undefined;
            return first && first.sha256 === undefined
              ? { otherwise: 'the storage does not tell the checksums of parts' }
              : { otherwise: 'the storage holds other bytes than the helper pod has sent' };
          } catch (error) {
            signal?.throwIfAborted();
            return { otherwise: `the parts of an upload cannot be listed (${textOf(error)})` };
          }
        },
      },
      signal
    );
    if (isOtherwise(sent)) {
      await letGo();
      return sent;
    }
    signal?.throwIfAborted();
    const { uploadId, marker } = there();
    const parts = agreedParts(sent, await list(), locate(key));
    const multipart = { uploadId, marker, withChecksums: true, parts };
    return { key, id, bytes: sent.stored.bytes, held: undefined, multipart };
  } catch (error) {
    await letGo();
    if (error instanceof StageError) throw error;
    if (answerOf(error)) throw client.wordsOf(error, { stage: 'copy', what: `store ${key}` });
    throw streamBroke(key, error, signal);
  }
}

const partChanged = (name: string, key: string, number: number): StageError =>
  new StageError(
    'copy',
    'PartChanged',
    `destination ${name}: the helper pod asked to send part ${number} of ${key} a second time, with other bytes`,
    'start the backup again; if it happens again, use the helper image of this version of NKVM',
    'transient'
  );
