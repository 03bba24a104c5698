import { createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { checkKey } from '../common/key.ts';
import { putByStaging } from '../common/putByStaging.ts';
import { archiveMissing, streamBroke } from '../common/refusals.ts';
import { temporaryOf } from '../common/temporary.ts';
import { assertRoom, newWorkDirectory, workError } from '../common/workFiles.ts';
import type { Call, Confirmed, Destination, Staged, Stored } from '../destination.ts';
import type { PlaceContext } from '../kind.ts';
import { fetchFile } from './fetch.ts';
import type { RsyncEntry } from './listing.ts';
import type { RsyncCall } from './process.ts';
import { runRsync } from './process.ts';
import { claimTo, publishTemporary } from './publish.ts';
import { entriesOf, lookAt, only, removeNames } from './remote.ts';
import type { RsyncSettings } from './settings.ts';
import { locationOf } from './settings.ts';

const PAGE = 500;

/** How long no byte may move, in seconds. */
const STALL_S = 60;

/** How long the deletion of a temporary may take, after something else has failed. */
const TAKE_AWAY_MS = 20_000;

/** Entries of one temporary: its directory, the file, what rsync itself left of an upload that broke off. */
const ENTRIES = 4;

export interface RsyncOptions {
  stallS?: number;
}

/**
 * Archives as plain files in one directory of an rsync daemon, or of a server with rsync that is reached by SSH. It must
 * exist. An archive is in the work directory until it is published or discarded, because rsync sends only files.
 */
export function rsyncDestination(
  settings: RsyncSettings,
  { name: id, installation, workDir }: PlaceContext,
  { stallS = STALL_S }: RsyncOptions = {}
): Destination {
  const location = locationOf(settings);
  /** Temporaries of this process: `sweep` leaves them alone. */
  const underWay = new Set<string>();
  const closing = new AbortController();

  const locate = (key: string) =>
    settings.way === 'daemon'
      ? `${location}/${key}`
      : location.replace(/( \(port \d+\))?$/, `/${key}$1`);

  const callOf = (stage: Stage, { signal }: Call, key?: string): RsyncCall => ({
    ...{ stage, workDir, stallS, key },
    signal: signal ? AbortSignal.any([signal, closing.signal]) : closing.signal,
  });

  /** Best effort after a failure, which is what gets reported; the sweep at the next start tries again. */
  const takeAway = (temporary: string): Promise<void> =>
    removeNames(settings, [temporary], {
      ...callOf('cleanup', { signal: AbortSignal.timeout(TAKE_AWAY_MS) }),
      most: ENTRIES,
    }).catch(() => undefined);

  const stage: Destination['stage'] = async (key, body, { signal, expectedBytes = 0 } = {}) => {
    const temporary = claimTo(key, installation);
    underWay.add(temporary);
    let dir: string | undefined;
    let isSent = false;
    try {
      checkKey(key);
      signal?.throwIfAborted();
      dir = await newWorkDirectory(workDir, 'copy');
      await assertRoom(dir, expectedBytes, 'copy');
      await fs.mkdir(join(dir, temporary), { mode: 0o700 });
      const file = join(dir, temporary, key);
      const bytes = await writeFile(file, key, body, signal);
      isSent = true;
      const call = callOf('copy', { signal }, key);
      await sendTemporary(join(dir, temporary), call);
      return stagedOf({ key, temporary, bytes, dir, file });
    } catch (error) {
      body.destroy();
      if (isSent) await takeAway(temporary);
      if (dir) await fs.rm(dir, { recursive: true, force: true });
      underWay.delete(temporary);
      if (signal?.aborted) throw streamBroke(key, error, signal);
      throw workError(error, 'copy', workDir);
    }
  };

  /** @returns its size in bytes. @throws StageError */
  async function writeFile(
    file: string,
    key: string,
    body: Readable,
    signal?: AbortSignal
  ): Promise<number> {
    let broken: { error: unknown } | undefined = body.errored ? { error: body.errored } : undefined;
    let isDisk = false;
    body.once('error', error => {
      if (!isDisk) broken ??= { error };
    });
    const sink = createWriteStream(file, { flags: 'wx', mode: 0o600, highWaterMark: 1024 * 1024 });
    sink.once('error', error => {
      if ((error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE')
        broken ??= { error };
      else isDisk = broken === undefined;
    });
    try {
      await pipeline(body, sink, { signal });
      return sink.bytesWritten;
    } catch (error) {
      if (signal?.aborted || broken) throw streamBroke(key, broken?.error ?? error, signal);
      throw workError(error, 'copy', workDir);
    }
  }

  /** Servers before rsync 3.2.4 do not know how to make a file durable, and say so. */
  let hasFsync = true;
  async function sendTemporary(path: string, call: RsyncCall): Promise<void> {
    const send = () =>
      runRsync(
        settings,
        remote => [
          ...['-r', '--whole-file', ...(hasFsync ? ['--fsync'] : [])],
          ...['--', path, `${remote}/`],
        ],
        call
      );
    try {
      await send();
    } catch (error) {
      const isOld =
        error instanceof StageError && /fsync: unknown option/.test(String(error.cause));
      if (!hasFsync || !isOld) throw error;
      hasFsync = false;
      await send();
    }
  }

  interface StoredTemporary {
    key: string;
    temporary: string;
    bytes: number;
    /** In the work directory. */
    dir: string;
    file: string;
  }

  function stagedOf(stored: StoredTemporary): Staged {
    const { key, temporary, bytes, dir } = stored;
    let published: Promise<void> | undefined;
    const forget = async () => {
      underWay.delete(temporary);
      await fs.rm(dir, { recursive: true, force: true });
    };
    return {
      bytes,
      confirm: (call = {}) => confirm(stored, callOf('checksum', call, key)),
      async readBack(call = {}) {
        const path = `${temporary}/${key}`;
        const body = await openFile(path, locate(key), callOf('checksum', call, key));
        return { body, readFrom: () => 'storage' };
      },
      publish: (call = {}) =>
        (published ??= publish(stored, callOf('publish', call, key)).finally(forget)),
      async discard(call = {}) {
        await removeNames(settings, [temporary], {
          ...callOf('cleanup', call, key),
          most: ENTRIES,
        });
        await forget();
      },
    };
  }

  /** The server computes the checksum of what it has, and is sent that of the file in the work directory. */
  async function confirm(
    { key, temporary, dir }: StoredTemporary,
    call: RsyncCall
  ): Promise<Confirmed | undefined> {
    const differs = await itemize(join(dir, temporary), call);
    if (differs === undefined) return undefined;
    const line = differs.split('\n').find(each => each.endsWith(`/${key}`));
    if (line === undefined)
      return {
        level: 'checksum',
        by: `${checksum.toUpperCase()} of the server (rsync --checksum)`,
      };
    throw new StageError(
      'checksum',
      'DigestDiffers',
      `archive ${locate(key)} is not on the server as it was sent (rsync says ${
        line.split(' ')[0]
      })`,
      'find the cause before you rely on this server: see its log and its disk',
      'unknown'
    );
  }

  /** The best that the server has is found at the first use. XXH128 takes a tenth of the time of MD5. */
  const checksums = ['xxh128', 'md5'];
  let checksum = checksums[0] ?? '';

  /** @returns what rsync would send again; undefined when the server has no checksum that is long enough. */
  async function itemize(path: string, call: RsyncCall): Promise<string | undefined> {
    for (const one of checksums.slice(checksums.indexOf(checksum))) {
      checksum = one;
      try {
        return await runRsync(
          settings,
          remote => [
            ...['-r', '--checksum', '--dry-run', `--checksum-choice=${one}`, '--out-format=%i %n'],
            ...['--', path, `${remote}/`],
          ],
          call
        );
      } catch (error) {
        const isUnknown =
          error instanceof StageError &&
          /unknown (option|checksum)|checksum-choice|negotiate/i.test(String(error.cause));
        if (!isUnknown) throw error;
      }
    }
    return undefined;
  }

  async function publish(stored: StoredTemporary, call: RsyncCall): Promise<void> {
    const { key, temporary, bytes, file } = stored;
    try {
      await publishTemporary(settings, { key, temporary, bytes, file, place: locate(key) }, call);
    } finally {
      // After a failure, and after success: the archive has a name of its own.
      await takeAway(temporary);
    }
  }

  async function openFile(
    path: string,
    place: string,
    call: RsyncCall,
    range?: { start: number; end: number }
  ) {
    const seen = await lookAt(settings, path, call);
    if (!seen) throw archiveMissing(place);
    return fetchFile(settings, { path, bytes: seen.bytes, range }, call);
  }

  return {
    id,
    kind: 'rsync',
    location,
    isNear: false,
    provesAfterPublish: false,
    locate,
    stage,

    put: putByStaging(stage),

    async stat(key, call = {}) {
      checkKey(key);
      const seen = await lookAt(settings, key, callOf('checksum', call, key));
      return seen && storedOf(seen);
    },

    async open(key, { range, signal } = {}) {
      checkKey(key);
      return await openFile(key, locate(key), callOf('checksum', { signal }, key), range);
    },

    async *list({ prefix = '', wanted = () => true, signal } = {}) {
      let page: Stored[] = [];
      const rules = ['--exclude=/.*'];
      for await (const entry of entriesOf(settings, rules, callOf('checksum', { signal }))) {
        const { path, isFile } = entry;
        if (!isFile || path.startsWith('.') || !path.startsWith(prefix) || !wanted(path)) continue;
        page.push(storedOf(entry));
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      if (page.length > 0) yield page;
    },

    async remove(key, call = {}) {
      checkKey(key);
      await removeNames(settings, [key], { ...callOf('cleanup', call, key), most: 1 });
    },

    async sweep(call = {}) {
      const one = callOf('cleanup', call);
      const left: string[] = [];
      for await (const { path } of entriesOf(settings, only(['/.tmp-nkvm-*']), one))
        if (temporaryOf(path, installation) === 'us' && !underWay.has(path)) left.push(path);
      if (left.length > 0)
        await removeNames(settings, left, { ...one, most: ENTRIES * left.length });
      return left.length;
    },

    freeBytes: async () => undefined,

    close: async () => closing.abort(),
  };
}

const storedOf = ({ path, bytes, modifiedAt }: RsyncEntry): Stored => ({
  key: path,
  bytes,
  modifiedAt,
});
