import { FTPError } from 'basic-ftp';
import { Readable } from 'node:stream';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { checkKey } from '../common/key.ts';
import { putByStaging } from '../common/putByStaging.ts';
import { archiveMissing, streamBroke } from '../common/refusals.ts';
import { sentDigest } from '../common/sentDigest.ts';
import { newTemporary, temporaryOf } from '../common/temporary.ts';
import type { ByteRange, Call, Confirmed, Destination, Staged, Stored } from '../destination.ts';
import type { PlaceContext } from '../kind.ts';
import type { ServerChecksum } from './checksum.ts';
import { checksumIn, checksumOf } from './checksum.ts';
import type { Doing } from './ftpErrors.ts';
import { ftpError } from './ftpErrors.ts';
import type { Entry } from './listing.ts';
import type { LookCall } from './lookAt.ts';
import { entriesOf, lookAt } from './lookAt.ts';
import type { Lane } from './pool.ts';
import { createPool } from './pool.ts';
import type { Progress } from './publish.ts';
import { publishTemporary, storesLess } from './publish.ts';
import type { Session } from './session.ts';
import type { FtpSettings } from './settings.ts';
import { locationOf } from './settings.ts';
import { argument, sizeOf, timeOf } from './size.ts';
import { BrokenBody, download, upload } from './transfer.ts';

/** Keys of one page of a listing. */
const PAGE = 500;

/** How long the server may move no byte. */
const STALL_MS = 60_000;

/** How long a server may read an archive to compute its checksum: a terabyte at 100 MB/s. */
const CHECKSUM_MS = 3 * 3_600_000;

/** How long the deletion of a temporary may take, after something else has failed. */
const TAKE_AWAY_MS = 10_000;

export interface FtpOptions {
  kind: 'ftp' | 'ftps';
  stallMs?: number;
}

/** Archives as plain files in one directory of an FTP server, which must exist. */
export function ftpDestination(
  settings: FtpSettings,
  { name: id, installation, workDir }: PlaceContext,
  { kind, stallMs = STALL_MS }: FtpOptions
): Destination {
  const location = locationOf(settings);
  const pool = createPool(settings);
  /** Temporaries and locks of this process: `sweep` leaves them alone. */
  const underWay = new Set<string>();

  const locate = (key: string) => `${location.replace(/ with TLS$/, '').replace(/\/$/, '')}/${key}`;

  const lookCall = (stage: Stage, signal?: AbortSignal): LookCall => ({
    ...{ stage, signal, stallMs, workDir },
  });

  /** Does something with a session. @throws StageError */
  async function using<T>(
    [stage, doing, key = '']: readonly [Stage, Doing, string?],
    { signal }: Call,
    work: (session: Session, call: LookCall) => Promise<T>,
    lane: Lane = 'command'
  ): Promise<T> {
    try {
      const call = lookCall(stage, signal);
      return await pool.use(lane, call, session => work(session, call));
    } catch (error) {
      signal?.throwIfAborted();
      throw ftpError(error, { stage, settings, doing, key });
    }
  }

  /** Best effort after a failure, which is what gets reported; the sweep at the next start tries again. */
  async function takeAway(temporary: string, session?: Session): Promise<void> {
    const command = `DELE ${temporary}`;
    try {
      if (session && !session.client.closed) await session.client.send(command);
      else {
        const call = { stage: 'cleanup', signal: AbortSignal.timeout(TAKE_AWAY_MS) } as const;
        await pool.use('command', call, ({ client }) => client.send(command));
      }
    } catch {
      // see above
    }
  }

  const stage: Destination['stage'] = async (key, body, stageCall = {}) => {
    const { signal } = stageCall;
    const temporary = newTemporary(installation);
    underWay.add(temporary);
    const call = lookCall('copy', signal);
    let session: Session | undefined;
    let release = (): void => undefined;
    try {
      checkKey(key);
      ({ session, release } = await pool.take('stream', call));
      const checksum = checksumOf(session.features);
      const sum = checksum && sentDigest(stageCall, checksum.algorithm);
      const bytes = await upload(session, temporary, body, call, chunk => sum?.update(chunk));
      const stored = await sizeOf(session, temporary);
      if (stored !== undefined && stored !== bytes) throw storesLess(locate(key), bytes, stored);
      return stagedOf({
        key,
        temporary,
        bytes,
        ...(sum && { checksum, digest: sum.hex() }),
      });
    } catch (error) {
      body.destroy();
      if (session) await takeAway(temporary, session);
      underWay.delete(temporary);
      if (signal?.aborted) throw streamBroke(key, error, signal);
      if (error instanceof BrokenBody) throw streamBroke(key, error.cause);
      throw ftpError(error, { stage: 'copy', settings, doing: 'change', key });
    } finally {
      release();
    }
  };

  interface StoredTemporary {
    key: string;
    temporary: string;
    bytes: number;
    checksum?: ServerChecksum | undefined;
    digest?: string;
  }

  function stagedOf(stored: StoredTemporary): Staged {
    const { key, temporary, bytes } = stored;
    let published: Promise<void> | undefined;
    return {
      bytes,
      confirm: (call = {}) =>
        using(['checksum', 'read', key], call, session => confirm(session, stored), 'stream'),
      async readBack(call = {}) {
        const body = await openFile(temporary, locate(key), call);
        return { body, readFrom: () => 'storage' };
      },
      publish: (call = {}) => (published ??= publish(stored, call)),
      async discard(call = {}) {
        await using(['cleanup', 'change', key], call, (session, look) =>
          removeFile(session, temporary, look)
        );
        underWay.delete(temporary);
      },
    };
  }

  async function confirm(
    session: Session,
    stored: StoredTemporary
  ): Promise<Confirmed | undefined> {
    const { key, temporary, bytes, checksum, digest } = stored;
    const size = await sizeOf(session, temporary);
    if (size !== undefined && size !== bytes) throw storesLess(locate(key), bytes, size);
    const its = checksum && (await askChecksum(session, temporary, checksum));
    if (checksum && its !== undefined) {
      if (its === digest) return { level: 'checksum', by: checksum.by };
      throw new StageError(
        'checksum',
        'DigestDiffers',
        `archive ${locate(key)} has ${checksum.algorithm} ${its} on the server; ${digest} was sent`,
        'find the cause before you rely on this server: see its log and its disk',
        'unknown'
      );
    }
    return size === undefined ? undefined : { level: 'size', by: 'SIZE of the server' };
  }

  async function publish(stored: StoredTemporary, { signal }: Call): Promise<void> {
    const { key, temporary, bytes } = stored;
    const progress: Progress = { isRenaming: false };
    const passage = { key, temporary, bytes, installation, underWay, place: locate(key) };
    try {
      await using(['publish', 'change', key], { signal }, (session, call) =>
        publishTemporary(session, passage, progress, call)
      );
    } catch (error) {
      const isUnknown =
        progress.isRenaming && !(error instanceof StageError && error.cause instanceof FTPError);
      if (isUnknown && (await wasRenamed(stored))) return;
      await takeAway(temporary);
      throw error;
    } finally {
      underWay.delete(temporary);
    }
  }

  /** After a connection that broke: the answer to the rename is lost. @returns false also for "could not look" */
  const wasRenamed = ({ key, temporary, bytes }: StoredTemporary): Promise<boolean> =>
    using(
      ['publish', 'read', key],
      { signal: AbortSignal.timeout(TAKE_AWAY_MS) },
      async (session, call) =>
        !(await lookAt(session, temporary, call)) &&
        (await lookAt(session, key, call))?.bytes === bytes
    ).catch(() => false);

  /** One that is not there is no error. @throws FTPError */
  async function removeFile(session: Session, file: string, call: LookCall): Promise<void> {
    try {
      await session.client.send(`DELE ${argument(file)}`);
    } catch (error) {
      if (!(error instanceof FTPError) || (await lookAt(session, file, call))) throw error;
    }
  }

  async function openFile(
    file: string,
    place: string,
    { range, signal }: Call & { range?: ByteRange | undefined }
  ): Promise<Readable> {
    const call = lookCall('checksum', signal);
    const fail = (error: unknown) =>
      ftpError(error, { stage: 'checksum', settings, doing: 'read', key: file });
    let lease;
    try {
      lease = await pool.take('stream', call);
      const { session } = lease;
      const seen = await lookAt(session, file, call);
      if (!seen) throw archiveMissing(place);
      const from = range?.start ?? 0;
      const limit = range && range.end - range.start + 1;
      if (limit !== undefined && (from >= seen.bytes || limit <= 0)) {
        lease.release();
        return Readable.from([]);
      }
      const wanted = {
        ...call,
        from,
        expected: seen.bytes - from,
        ...(limit !== undefined && { limit }),
      };
      return await download(session, `RETR ${argument(file)}`, wanted, fail, lease.release);
    } catch (error) {
      lease?.release();
      signal?.throwIfAborted();
      throw fail(error);
    }
  }

  return {
    id,
    kind,
    location,
    isNear: false,
    provesAfterPublish: false,
    locate,
    stage,

    put: putByStaging(stage),

    async stat(key, call = {}) {
      checkKey(key);
      const seen = await using(['checksum', 'read', key], call, (session, look) =>
        lookAt(session, key, look)
      );
      return seen && storedOf(key, seen);
    },

    async open(key, call = {}) {
      checkKey(key);
      return await openFile(key, locate(key), call);
    },

    async *list({ prefix = '', wanted = () => true, signal } = {}) {
      const isOne = ({ name, isFile }: Entry) =>
        isFile && !name.startsWith('.') && name.startsWith(prefix) && wanted(name);
      for await (const page of pagesOf('checksum', false, isOne, signal)) {
        if (page.every(({ modifiedAt }) => modifiedAt))
          yield page.map(each => storedOf(each.name, each));
        else {
          // Only MLSD says the time to the second and in UTC.
          yield await using(['checksum', 'read'], { signal }, async session => {
            const stored: Stored[] = [];
            for (const each of page) {
              const modifiedAt = await timeOf(session, each.name);
              stored.push(storedOf(each.name, { ...each, modifiedAt }));
            }
            return stored;
          });
        }
      }
    },

    async remove(key, call = {}) {
      checkKey(key);
      await using(['cleanup', 'change', key], call, (session, look) =>
        removeFile(session, key, look)
      );
    },

    async sweep({ signal } = {}) {
      let swept = 0;
      const isLeft = ({ name }: Entry) =>
        temporaryOf(name, installation) === 'us' && !underWay.has(name);
      for await (const page of pagesOf('cleanup', true, isLeft, signal)) {
        await using(['cleanup', 'change'], { signal }, async (session, call) => {
          for (const { name, isDirectory } of page) {
            if (underWay.has(name)) continue;
            if (isDirectory) await session.client.send(`RMD ${name}`);
            else await removeFile(session, name, call);
            swept += 1;
          }
        });
      }
      return swept;
    },

    freeBytes: (call = {}) =>
      using(['copy', 'read'], call, async ({ client, features }) => {
        if (!features.has('AVBL')) return undefined;
        const { message } = await client.send('AVBL');
        const bytes = /^213[ -](\d+)/.exec(message)?.[1];
        return bytes === undefined ? undefined : Number(bytes);
      }),

    close: async () => pool.close(),
  };

  /** Lists in pages. The listing is complete before the first of them. @throws StageError */
  async function* pagesOf(
    stage: Stage,
    withHidden: boolean,
    isOne: (entry: Entry) => boolean,
    signal?: AbortSignal
  ): AsyncGenerator<Entry[]> {
    const call = { ...lookCall(stage, signal), withHidden };
    let page: Entry[] = [];
    const attempt = { stage, settings, doing: 'read' } as const;
    const lease = await pool.take('command', call).catch(error => {
      signal?.throwIfAborted();
      throw ftpError(error, attempt);
    });
    try {
      for await (const entry of entriesOf(lease.session, call)) {
        lease.release(); // all of it is here
        if (isOne(entry)) page.push(entry);
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw ftpError(error, attempt);
    } finally {
      lease.release();
    }
    if (page.length > 0) yield page;
  }
}

async function askChecksum(
  { client }: Session,
  name: string,
  { commands, algorithm }: ServerChecksum
): Promise<string | undefined> {
  try {
    let answer = '';
    for (const command of commands(name)) {
      const asking = client.send(command);
      client.ftp.socket.setTimeout(CHECKSUM_MS);
      answer = (await asking).message;
    }
    return checksumIn(answer, algorithm);
  } catch (error) {
    if (error instanceof FTPError) return undefined; // it offers a checksum, and does not give one
    throw error;
  }
}

/** Where the server does not say when it changed: now, so that nothing looks older than it is. */
const storedOf = (
  key: string,
  { bytes, modifiedAt = new Date() }: { bytes: number; modifiedAt?: Date | undefined }
): Stored => ({ key, bytes, modifiedAt });
