import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { Stored } from '../destination.ts';
import type { Client } from './client.ts';
import type { Attempt } from './errors.ts';
import { answerOf } from './errors.ts';
import { customerKeyOf, UPLOAD_ID } from './object.ts';
import type { S3Settings } from './settings.ts';

/** The result of a HEAD of an object. */
export interface Head {
  bytes: number;
  modifiedAt: Date;
  /** Of the upload that made it; undefined: not NKVM's, or the server keeps no metadata. */
  id: string | undefined;
  /** SHA-256 as S3 writes it; undefined: the server has none. */
  checksum: string | undefined;
}

/** One bucket below one prefix: requests that several parts of a destination make. */
export interface Bucket {
  readonly client: Client;
  readonly settings: S3Settings;
  /** @returns the names of bucket and object as requests take them. */
  at(key: string): { Bucket: string; Key: string };
  /** Whether parts are sent with their SHA-256. */
  usesChecksums(): boolean;
  /**
   * Runs a request with checksums, where these are wanted. Where the server does not know them and they are not
   * required, runs it again without, and never uses them again.
   * @param run is called with whether to use them
   * @throws what `run` throws
   */
  withChecksums<T>(run: (withThem: boolean) => Promise<T>): Promise<T>;
  /** @returns undefined only when the server says that the bucket is there and the object is not. */
  head(key: string, attempt: Attempt): Promise<Head | undefined>;
  /** Lists the objects below the prefix whose names begin with `prefix`, in pages. */
  pages(prefix: string, stage: Stage, signal?: AbortSignal): AsyncGenerator<Stored[]>;
}

const PAGE = 500;

export function bucketOf(client: Client, settings: S3Settings): Bucket {
  const { bucket, prefix } = settings;
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + key });
  let refusesChecksums = settings.checksum === 'none';

  async function* pages(
    start: string,
    stage: Stage,
    signal?: AbortSignal
  ): AsyncGenerator<Stored[]> {
    const attempt = { stage, what: 'list the archives', signal } as const;
    const seen = new Set<string>();
    let token: string | undefined;
    do {
      const page = await client.call(attempt, (s3, options) =>
        s3.listObjectsV2(
          {
            Bucket: bucket,
            Prefix: prefix + start,
            Delimiter: '/',
            MaxKeys: PAGE,
            ...(token !== undefined && { ContinuationToken: token }),
          },
          options
        )
      );
      yield (page.Contents ?? []).flatMap(({ Key = '', Size = 0, LastModified }) =>
        Key.startsWith(prefix) && Key.length > prefix.length
          ? [
              {
                key: Key.slice(prefix.length),
                bytes: Size,
                modifiedAt: LastModified ?? new Date(0),
              },
            ]
          : []
      );
      token = page.NextContinuationToken;
      // A caller that took the first half for all of it would conclude that archives are missing.
      if (page.IsTruncated && (!token || seen.has(token))) throw listingBroken(client, stage);
      if (token) seen.add(token);
      if (!page.IsTruncated) return;
    } while (token);
  }

  /** A HEAD has no body: a listing says why it was refused. */
  async function explain(key: string, attempt: Attempt): Promise<void> {
    await client.call(attempt, (s3, options) =>
      s3.listObjectsV2({ Bucket: bucket, Prefix: prefix + key, MaxKeys: 1 }, options)
    );
  }

  return {
    client,
    settings,
    at,
    pages,
    usesChecksums: () => !refusesChecksums,

    async withChecksums(run) {
      try {
        return await run(!refusesChecksums);
      } catch (error) {
        const { code, status } = answerOf(error) ?? {};
        const isUnknown = status === 501 || CHECKSUMS_UNKNOWN.has(code ?? '');
        if (refusesChecksums || !isUnknown || settings.checksum === 'required') throw error;
        const answer = await run(false).catch(() => {
          throw error; // it was not the checksums
        });
        refusesChecksums = true;
        return answer;
      }
    },

    async head(key, attempt) {
      try {
        const found = await client.raw(attempt, (s3, options) =>
          s3.headObject(
            {
              ...at(key),
              ...customerKeyOf(settings),
              ...(!refusesChecksums && { ChecksumMode: 'ENABLED' }),
            },
            options
          )
        );
        return {
          bytes: found.ContentLength ?? 0,
          modifiedAt: found.LastModified ?? new Date(0),
          id: found.Metadata?.[UPLOAD_ID],
          checksum: found.ChecksumSHA256,
        };
      } catch (error) {
        const { status } = answerOf(error) ?? {};
        if (status !== 404 && status !== 403 && status !== 400)
          throw client.wordsOf(error, attempt);
        await explain(key, attempt).catch(reason => {
          const isHidden = status === 404 && (reason as StageError).reason === 'ReadRefused';
          if (!isHidden) throw reason; // without the right to list, "not there" is said only where that is known
        });
        if (status === 404) return undefined;
        throw client.wordsOf(error, attempt);
      }
    },
  };
}

const CHECKSUMS_UNKNOWN = new Set([
  'NotImplemented',
  'InvalidArgument',
  'InvalidRequest',
  'XNotImplemented',
]);

const listingBroken = ({ where }: Client, stage: Stage): StageError =>
  new StageError(
    stage,
    'ListingBroken',
    `destination ${where.name}: ${where.host} says that its listing continues, but not where`,
    'see the log of the server, and of a proxy in front of it; NKVM has not used the listing',
    'transient'
  );
