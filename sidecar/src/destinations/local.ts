import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Stage } from '../../api/index.ts';
import { StageError } from '../errors.ts';
import { codeOf, syncDirectory } from '../files.ts';
import type { Destination, Staged } from './destination.ts';
import { checkKey } from './key.ts';
import { localError } from './localErrors.ts';
import type { LocalFiles } from './localWrite.ts';
import {
  isTemporary,
  isThere,
  newTemporary,
  publishTemporary,
  writeTemporary,
} from './localWrite.ts';
import { archiveMissing } from './refusals.ts';

/**
 * Biggest piece in which an archive is read back. Node frees pieces by their number rather than their size: with 256 KiB
 * it is no faster, and eight archives at once take 50 MiB more.
 */
const READ_BYTES = 64 * 1024;

/** Archives as plain files in one directory, which must exist. */
export function localDestination(dir: string, files: LocalFiles = fs): Destination {
  /** Temporaries of this process: `sweep` leaves them alone. */
  const underWay = new Set<string>();

  async function stage(key: string, body: Readable, signal?: AbortSignal): Promise<Staged> {
    const passage = { dir, key, temporary: newTemporary(), files };
    underWay.add(passage.temporary);
    const done = () => underWay.delete(passage.temporary);
    try {
      checkKey(key);
      const bytes = await writeTemporary(passage, body, signal);
      let published: Promise<void> | undefined;
      return {
        bytes,
        publish: () => (published ??= publishTemporary(passage).finally(done)),
        discard: async () => {
          await orRefuse('cleanup', key, fs.rm(join(dir, passage.temporary), { force: true }));
          done();
        },
      };
    } catch (error) {
      body.destroy();
      done();
      throw error;
    }
  }

  /** Waits for a system call, and says in words why it failed. */
  const orRefuse = <T>(stage: Stage, key: string, call: Promise<T>): Promise<T> =>
    call.catch(error => {
      throw localError(error, { stage, dir, key });
    });

  const entries = (stage: Stage) => orRefuse(stage, '', fs.readdir(dir, { withFileTypes: true }));

  return {
    locate: key => join(dir, key),
    stage,

    async put(key, text) {
      try {
        const staged = await stage(key, Readable.from([Buffer.from(text)]));
        await staged.publish();
      } catch (error) {
        if (!(error instanceof StageError)) throw error;
        throw new StageError('publish', error.reason, error.message, error.hint, error.class, {
          cause: error,
        });
      }
    },

    async stat(key) {
      checkKey(key);
      try {
        const { size } = await fs.stat(join(dir, key));
        return { bytes: size };
      } catch (error) {
        if (codeOf(error) === 'ENOENT' && (await isThere(dir))) return undefined;
        throw localError(error, { stage: 'checksum', dir, key });
      }
    },

    async open(key) {
      checkKey(key);
      try {
        const file = await fs.open(join(dir, key), 'r');
        return file.createReadStream({ highWaterMark: READ_BYTES });
      } catch (error) {
        if (codeOf(error) === 'ENOENT') throw archiveMissing(join(dir, key), { cause: error });
        throw localError(error, { stage: 'checksum', dir, key });
      }
    },

    async list() {
      return (await entries('checksum'))
        .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
        .map(entry => entry.name)
        .sort();
    },

    async remove(key) {
      checkKey(key);
      await orRefuse('cleanup', key, fs.rm(join(dir, key), { force: true }));
      await orRefuse('cleanup', key, syncDirectory(dir));
    },

    async sweep() {
      const left = (await entries('cleanup')).filter(
        ({ name }) => isTemporary(name) && !underWay.has(name)
      );
      for (const { name } of left) {
        await orRefuse('cleanup', name, fs.rm(join(dir, name), { force: true }));
      }
      return left.length;
    },

    async freeBytes() {
      const { bavail, bsize } = await orRefuse('copy', '', fs.statfs(dir));
      return bavail * bsize;
    },
  };
}
