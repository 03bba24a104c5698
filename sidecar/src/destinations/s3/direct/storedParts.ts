import type { CompletedPart } from '@aws-sdk/client-s3';
import type { DirectPart, DirectSent } from '../../direct.ts';
import type { Bucket } from '../bucket.ts';
import type { Attempt } from '../errors.ts';
import { storedDiffers } from '../errors.ts';

/** The account that the server gives of one part that it holds. */
export interface StoredPart {
  number: number;
  bytes: number;
  etag: string | undefined;
  /** In base64; undefined: the server keeps none. */
  sha256: string | undefined;
}

/** @returns the parts of an upload that the server holds. @throws what the SDK throws */
export async function storedParts(
  { client, at }: Bucket,
  { key, uploadId }: { key: string; uploadId: string },
  attempt: Attempt,
  most = Infinity
): Promise<StoredPart[]> {
  const found: StoredPart[] = [];
  let marker: string | undefined;
  do {
    const page = await client.raw(attempt, (s3, options) =>
      s3.listParts(
        {
          ...at(key),
          UploadId: uploadId,
          MaxParts: Math.min(most, 1000),
          ...(marker !== undefined && { PartNumberMarker: marker }),
        },
        options
      )
    );
    for (const { PartNumber = 0, Size = 0, ETag, ChecksumSHA256 } of page.Parts ?? [])
      found.push({ number: PartNumber, bytes: Size, etag: ETag, sha256: ChecksumSHA256 });
    const next = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    if (next === marker) break;
    marker = next;
  } while (marker !== undefined && found.length < most);
  return found;
}

/**
 * Compares what the sender says with what the server holds, before the upload is completed:
 *
 * | | |
 * | --- | --- |
 * | each part is there once, with the size and the SHA-256 that were sent, and the sizes add up | the parts |
 * | a part is missing, or there is one that was not sent | refused |
 * | a size or a SHA-256 differs, or the server has no SHA-256 | refused |
 *
 * @param place names the archive in errors
 * @returns the parts as a completion names them. @throws StageError (stage `checksum`, reason `DigestDiffers`)
 */
export function agreedParts(
  { parts, stored }: Pick<DirectSent, 'parts' | 'stored'>,
  held: readonly StoredPart[],
  place: string
): CompletedPart[] {
  const differs = (message: string) => storedDiffers(place, message);
  const inOrder = [...parts].sort((one, other) => one.number - other.number);
  if (inOrder.some(({ number }, at) => number !== at + 1))
    throw differs(`was sent in ${parts.length} parts whose numbers are not 1 to ${parts.length}`);
  if (held.length !== parts.length)
    throw differs(`has ${held.length} parts at the server, and ${parts.length} were sent`);
  const there = new Map(held.map(part => [part.number, part]));
  const agreed = inOrder.map(({ number, bytes, sha256 }: DirectPart): CompletedPart => {
    const part = there.get(number);
    if (!part) throw differs(`has no part ${number} at the server`);
    if (part.bytes !== bytes)
      throw differs(`has a part ${number} of ${part.bytes} bytes, and ${bytes} were sent`);
    if (part.sha256 === undefined) throw differs(`has a part ${number} without a SHA-256`);
    if (part.sha256 !== sha256)
      throw differs(`has a part ${number} with another SHA-256 than the bytes that were sent`);
    return { PartNumber: number, ETag: part.etag, ChecksumSHA256: sha256 };
  });
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (bytes !== stored.bytes)
    throw differs(`has parts of ${bytes} bytes, and ${stored.bytes} were sent`);
  return agreed;
}
