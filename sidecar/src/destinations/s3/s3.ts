import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { StageError } from '../../errors.ts';
import { checkKey } from '../common/key.ts';
import { publishError } from '../common/putByStaging.ts';
import { archiveMissing, streamBroke, temporaryGone } from '../common/refusals.ts';
import type { Destination, Staged } from '../destination.ts';
import { isOtherwise } from '../direct.ts';
import type { PlaceContext } from '../kind.ts';
import { guarded } from './body.ts';
import { bucketOf } from './bucket.ts';
import { s3Client } from './client.ts';
import { abortedUploads } from './direct/abortedUploads.ts';
import { readDirect } from './direct/readDirect.ts';
import { sendDirect } from './direct/stageDirect.ts';
import { answerOf } from './errors.ts';
import { markersIn } from './markers.ts';
import { namingIn } from './naming.ts';
import { customerKeyOf } from './object.ts';
import type { S3Settings } from './settings.ts';
import { locationOf } from './settings.ts';
import type { Sent } from './upload.ts';
import { abortUpload, send } from './upload.ts';
import { deleteVersions } from './versions.ts';

export interface S3Options {
  /** How long a connection may stay without a byte while one is awaited. */
  stallMs?: number;
}

/**
 * Archives as objects of a bucket. An upload in parts shows nothing before it is complete, so that an archive is proven
 * after it has its name.
 */
export function s3Destination(
  settings: S3Settings,
  { name, installation }: Pick<PlaceContext, 'name' | 'installation'>,
  { stallMs }: S3Options = {}
): Destination {
  const stall = stallMs === undefined ? {} : { stallMs };
  const client = s3Client({ name, settings, ...stall });
  const bucket = bucketOf(client, settings);
  const markers = markersIn(bucket, installation);
  const aborted = abortedUploads();
  const locate = (key: string) => `s3://${settings.bucket}/${settings.prefix}${key}`;
  const naming = namingIn(bucket, locate);

  const open: Destination['open'] = async (key, { range, signal } = {}) => {
    checkKey(key);
    const attempt = { stage: 'checksum', what: `read ${key}`, signal } as const;
    try {
      const { Body, ContentLength } = await client.raw(attempt, (s3, options) =>
        s3.getObject(
          {
            ...bucket.at(key),
            ...customerKeyOf(settings),
            ...(range && { Range: `bytes=${range.start}-${range.end}` }),
          },
          options
        )
      );
      const body = Body as Readable;
      return guarded(body, { key, bytes: ContentLength, where: client.where, ...stall });
    } catch (error) {
      const answer = answerOf(error);
      if (answer?.code === 'NoSuchKey') throw archiveMissing(locate(key), { cause: error });
      if (answer?.code === 'InvalidRange' || answer?.status === 416) return Readable.from([]);
      throw client.wordsOf(error, attempt);
    }
  };

  const stagedOf = (sent: Sent): Staged => {
    let published: Promise<void> | undefined;
    let state: 'staged' | 'published' | 'gone' = 'staged';

    const letGo = async () => {
      state = 'gone';
      delete sent.held;
      if (sent.multipart) await abortUpload(bucket, markers, sent.key, sent.multipart);
    };
    const publish: Staged['publish'] = async call => {
      if (state === 'gone') throw temporaryGone(locate(sent.key));
      try {
        await naming.name(sent, call);
        state = 'published';
      } catch (error) {
        await letGo().catch(() => undefined);
        throw error;
      }
      // The archive has its name; a marker that stays is swept after the next start.
      if (sent.multipart) await markers.remove(sent.multipart.marker).catch(() => undefined);
    };
    return {
      bytes: sent.bytes,
      async confirm(call) {
        return state === 'published' ? await naming.confirm(sent, call) : undefined;
      },
      async readBack(call) {
        if (state !== 'published') throw notReadable(locate(sent.key), state);
        return { body: await open(sent.key, call), readFrom: () => 'storage' };
      },
      publish: call => (published ??= publish(call)),
      async discard() {
        if (state === 'staged') await letGo();
      },
    };
  };

  return {
    id: name,
    kind: 's3',
    location: locationOf(settings),
    isNear: false,
    provesAfterPublish: true,
    locate,
    open,

    async stage(key, body, call) {
      try {
        checkKey(key);
        if (call?.signal?.aborted) throw streamBroke(key, call.signal.reason, call.signal);
        return stagedOf(await send(bucket, markers, key, body, call));
      } catch (error) {
        body.destroy();
        throw error;
      }
    },

    async stageDirect(key, sender, call) {
      checkKey(key);
      call?.signal?.throwIfAborted();
      const sent = await sendDirect(bucket, markers, aborted, locate, key, sender, call);
      return isOtherwise(sent) ? sent : stagedOf(sent);
    },

    async readDirect(keys, call) {
      keys.forEach(checkKey);
      return await readDirect(bucket, locate, keys, call);
    },

    async put(key, text, call) {
      checkKey(key);
      const held = Buffer.from(text);
      const sent = { key, id: randomUUID(), bytes: held.length, held, multipart: undefined };
      await naming.name(sent, call);
      try {
        await naming.confirm(sent, call);
      } catch (error) {
        throw publishError(error);
      }
    },

    async stat(key, { signal } = {}) {
      checkKey(key);
      const attempt = { stage: 'checksum', what: `look at ${key}`, signal } as const;
      const found = await bucket.head(key, attempt);
      return found && { key, bytes: found.bytes, modifiedAt: found.modifiedAt };
    },

    async *list({ prefix = '', wanted = () => true, signal } = {}) {
      for await (const page of bucket.pages(prefix, 'checksum', signal)) {
        const stored = page.filter(({ key }) => !key.startsWith('.') && wanted(key));
        if (stored.length > 0) yield stored;
      }
    },

    async remove(key, { signal } = {}) {
      checkKey(key);
      const attempt = { stage: 'cleanup', what: `delete ${key}`, isWrite: true, signal } as const;
      await client.call(attempt, (s3, options) => s3.deleteObject(bucket.at(key), options));
    },

    async deleteVersions(key, call) {
      checkKey(key);
      return await deleteVersions(bucket, key, call);
    },

    async sweep({ signal } = {}) {
      const left = await markers.left(signal);
      let swept = 0;
      let first: unknown;
      for (const { marker, upload } of left) {
        try {
          if (upload) await abortUpload(bucket, markers, upload.key, { ...upload, marker });
          else await markers.remove(marker);
          swept += 1;
        } catch (error) {
          signal?.throwIfAborted();
          first ??= error; // the others can be deleted, perhaps
        }
      }
      if (first) throw first;
      return swept;
    },

    freeBytes: async () => undefined,
    close() {
      aborted.close();
      return client.close();
    },
  };
}

const notReadable = (place: string, state: 'staged' | 'gone'): StageError =>
  new StageError(
    'checksum',
    'ArchiveMissing',
    `archive ${place} ${
      state === 'gone' ? 'was discarded' : 'cannot be read before it has its name'
    }`,
    'start the backup again',
    'transient'
  );
