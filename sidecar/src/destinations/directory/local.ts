import type { Dirent, Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../../../api/index.ts';
import { codeOf, syncDirectory } from '../../files.ts';
import { checkKey } from '../common/key.ts';
import { putByStaging } from '../common/putByStaging.ts';
import { archiveMissing } from '../common/refusals.ts';
import { newTemporary, temporaryOf, UNNAMED_AGE_MS } from '../common/temporary.ts';
import type { Destination, Staged, Stored } from '../destination.ts';
import { localError } from './localErrors.ts';
import type { LocalFiles } from './localWrite.ts';
import { isThere, publishTemporary, writeTemporary } from './localWrite.ts';
import { notAFile, openFile } from './plainFile.ts';
import { READ_BYTES, readStorage } from './readStorage.ts';

/** Keys of one page of a listing. */
const PAGE = 500;

/** A directory as a destination, as records name it. */
export const localPlace = (dir: string, id = 'local') =>
  ({ id, kind: 'local', location: dir } as const);

export interface LocalOptions {
  /** Whose temporaries these are. */
  installation: string;
  id?: string;
  /** `local` for the directory of the settings. */
  kind?: 'local' | 'directory';
  files?: LocalFiles;
  now?: () => number;
}

/** Archives as plain files in one directory, which must exist. */
export function localDestination(
  dir: string,
  { installation, id, kind = 'local', files = fs, now = Date.now }: LocalOptions
): Destination {
  /** Temporaries and locks of this process: `sweep` leaves them alone. */
  const underWay = new Set<string>();

  const stage: Destination['stage'] = async (key, body, { signal } = {}) => {
    const temporary = newTemporary(installation);
    const passage = { dir, key, temporary, installation, files, underWay };
    underWay.add(temporary);
    const done = () => underWay.delete(temporary);
    try {
      checkKey(key);
      const bytes = await writeTemporary(passage, body, signal);
      let published: Promise<void> | undefined;
      return {
        bytes,
        confirm: async () => undefined, // a directory is read back
        readBack: call =>
          readStorage(
            join(dir, temporary),
            error => localError(error, { stage: 'checksum', dir, key }),
            call?.signal
          ),
        publish: () => (published ??= publishTemporary(passage).finally(done)),
        discard: async () => {
          await orRefuse('cleanup', key, fs.rm(join(dir, temporary), { force: true }));
          done();
        },
      } satisfies Staged;
    } catch (error) {
      body.destroy();
      done();
      throw error;
    }
  };

  /** Waits for a system call, and says in words why it failed. */
  const orRefuse = <T>(stage: Stage, key: string, call: Promise<T>): Promise<T> =>
    call.catch(error => {
      throw localError(error, { stage, dir, key });
    });

  /** Reads the directory piece by piece: it may hold more names than belong in memory. */
  async function* entries(stage: Stage, signal?: AbortSignal): AsyncGenerator<Dirent> {
    try {
      for await (const entry of await fs.opendir(dir, { bufferSize: PAGE })) {
        signal?.throwIfAborted();
        yield entry;
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      throw localError(error, { stage, dir, key: '' });
    }
  }

  /** @returns undefined when it is not there any more. */
  const storedAt = async (stage: Stage, key: string): Promise<Stored | undefined> => {
    try {
      const facts = await fs.lstat(join(dir, key));
      if (!facts.isFile()) throw notAFile(stage, join(dir, key));
      return storedOf(key, facts);
    } catch (error) {
      if (codeOf(error) === 'ENOENT' && (await isThere(dir))) return undefined;
      throw localError(error, { stage, dir, key });
    }
  };

  return {
    ...localPlace(dir, id),
    kind,
    isNear: true,
    provesAfterPublish: false,
    locate: key => join(dir, key),
    stage,

    put: putByStaging(stage),

    async stat(key) {
      checkKey(key);
      return await storedAt('checksum', key);
    },

    async open(key, { range } = {}) {
      checkKey(key);
      try {
        const file = await openFile(join(dir, key));
        return file.createReadStream({ ...range, highWaterMark: READ_BYTES });
      } catch (error) {
        if (codeOf(error) === 'ENOENT' && (await isThere(dir)))
          throw archiveMissing(join(dir, key), { cause: error });
        throw localError(error, { stage: 'checksum', dir, key });
      }
    },

    async *list({ prefix = '', wanted = () => true, signal } = {}) {
      let page: string[] = [];
      const stored = async (keys: string[]) =>
        (await Promise.all(keys.map(key => storedAt('checksum', key)))).filter(isPresent);
      for await (const entry of entries('checksum', signal)) {
        const { name } = entry;
        if (!entry.isFile() || name.startsWith('.')) continue;
        if (!name.startsWith(prefix) || !wanted(name)) continue;
        page.push(name);
        if (page.length < PAGE) continue;
        yield await stored(page);
        page = [];
      }
      if (page.length > 0) yield await stored(page);
    },

    async remove(key) {
      checkKey(key);
      await orRefuse('cleanup', key, fs.rm(join(dir, key), { force: true }));
      await orRefuse('cleanup', key, syncDirectory(dir));
    },

    async sweep({ signal } = {}) {
      let swept = 0;
      for await (const { name } of entries('cleanup', signal)) {
        const owner = temporaryOf(name, installation);
        if (owner === 'none' || owner === 'another' || underWay.has(name)) continue;
        if (owner === 'unnamed') {
          const stored = await storedAt('cleanup', name);
          if (!stored || now() - stored.modifiedAt.getTime() < UNNAMED_AGE_MS) continue;
        }
        await orRefuse('cleanup', name, fs.rm(join(dir, name), { force: true }));
        swept += 1;
      }
      return swept;
    },

    async freeBytes() {
      const { bavail, bsize } = await orRefuse('copy', '', fs.statfs(dir));
      return bavail * bsize;
    },

    close: async () => undefined,
  };
}

/** A link or a rename changes the time of the inode (ctime), not that of the contents. */
const storedOf = (key: string, { size, mtimeMs, ctimeMs }: Stats): Stored => ({
  key,
  bytes: size,
  modifiedAt: new Date(Math.max(mtimeMs, ctimeMs)),
});

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;
