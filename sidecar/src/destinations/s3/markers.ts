import { z } from 'zod';
import { newTemporary, temporaryOf } from '../common/temporary.ts';
import type { Bucket } from './bucket.ts';
import { answerOf } from './errors.ts';

/** The content of a marker: an upload in parts that has not ended. */
export interface Upload {
  key: string;
  uploadId: string;
}

const Marker = z.object({ key: z.string(), uploadId: z.string() });

/**
 * S3 lists unfinished uploads by the key that they will have, without the name of the client that began them. So each has a small
 * object beside it while it is under way, whose name says the installation, as that of a temporary file does.
 */
export interface Markers {
  /** @returns the name of the marker. */
  write(upload: Upload, signal?: AbortSignal): Promise<string>;
  /** With rights that only append, or under object lock, it stays. @throws StageError for any other reason */
  remove(marker: string): Promise<void>;
  /** @returns the markers that an earlier process of this installation left; `upload` is undefined for an unreadable one. */
  left(signal?: AbortSignal): Promise<{ marker: string; upload: Upload | undefined }[]>;
}

export function markersIn(bucket: Bucket, installation: string): Markers {
  const { client } = bucket;
  const ours = new Set<string>();

  async function read(marker: string, signal?: AbortSignal): Promise<Upload | undefined> {
    const attempt = { stage: 'cleanup', what: `read ${marker}`, signal } as const;
    const text = await client.call(attempt, async (s3, options) => {
      const { Body } = await s3.getObject(bucket.at(marker), options);
      return await Body?.transformToString();
    });
    try {
      return Marker.parse(JSON.parse(text ?? ''));
    } catch {
      return undefined;
    }
  }

  return {
    async write(upload, signal) {
      const marker = newTemporary(installation);
      ours.add(marker);
      const attempt = {
        stage: 'copy',
        what: `store ${upload.key}`,
        isWrite: true,
        signal,
      } as const;
      await client.call(attempt, (s3, options) =>
        s3.putObject({ ...bucket.at(marker), Body: JSON.stringify(upload) }, options)
      );
      return marker;
    },
    async remove(marker) {
      const attempt = { stage: 'cleanup', what: `delete ${marker}`, isWrite: true } as const;
      try {
        await client.raw(attempt, s3 => s3.deleteObject(bucket.at(marker)));
        ours.delete(marker);
      } catch (error) {
        if (answerOf(error)?.status !== 403) throw client.wordsOf(error, attempt);
      }
    },
    async left(signal) {
      const found: string[] = [];
      for await (const page of bucket.pages('.tmp-nkvm-', 'cleanup', signal))
        found.push(
          ...page
            .map(({ key }) => key)
            .filter(key => temporaryOf(key, installation) === 'us' && !ours.has(key))
        );
      const all: Awaited<ReturnType<Markers['left']>> = [];
      for (const marker of found) all.push({ marker, upload: await read(marker, signal) });
      return all;
    },
  };
}
