import { archiveMissing } from '../../common/refusals.ts';
import type { Call } from '../../destination.ts';
import type { DirectReads, Otherwise } from '../../direct.ts';
import type { Bucket } from '../bucket.ts';
import { addressesOf, directServer } from './server.ts';
import { signRead } from './sign.ts';

/**
 * Lets a helper read objects with requests that are signed here.
 * @param locate names an archive in errors
 * @throws StageError (stage `checksum`)
 */
export async function readDirect(
  bucket: Bucket,
  locate: (key: string) => string,
  keys: readonly string[],
  { signal }: Call = {}
): Promise<DirectReads | Otherwise> {
  const { client, settings } = bucket;
  if (settings.customerKey !== undefined)
    return { otherwise: 'requests to the storage carry the key of the customer' };
  const addresses = addressesOf(bucket, 'checksum');
  const files = [];
  for (const key of keys) {
    const attempt = { stage: 'checksum', what: `look at ${key}`, signal } as const;
    const found = await bucket.head(key, attempt);
    if (!found) throw archiveMissing(locate(key));
    files.push({ bytes: found.bytes });
  }
  return {
    server: directServer(bucket, await addresses(signal)),
    files,
    async sign(at, stop) {
      const key = keys[at];
      if (key === undefined) throw new Error(`there are ${keys.length} files`);
      const attempt = { stage: 'checksum', what: `read ${key}`, signal: stop } as const;
      const request = await client.call(attempt, s3 => signRead(s3, settings, key, new Date()));
      return { ...request, addresses: await addresses(stop) };
    },
  };
}
