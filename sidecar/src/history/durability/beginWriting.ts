import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from '../../files.ts';
import { keepCopy } from '../queries/copies.ts';
import type { LoadedHistory } from '../schema/loadHistory.ts';
import { readableFrom, schemaVersion } from '../schema/schema.ts';
import { Journal } from './journal.ts';
import { JOURNAL_FORMAT, journalPath } from './journalFiles.ts';
import { journalState } from './journalState.ts';
import type { SetAside } from './notice.ts';
import { setAside } from './setAside.ts';
import type { FileCalls } from './wholeFile.ts';
import { letGo, replaceFile, temporaryOf } from './wholeFile.ts';

export interface BeginWritingParts {
  path: string;
  loaded: LoadedHistory;
  now: () => Date;
  files: FileCalls;
}

/**
 * @returns a function that brings the disk up to what was loaded, and begins a journal: then changes can be written. It
 *   throws what a failed system call threw, has lost nothing then, and can be called again.
 */
export function beginning({ path, loaded, now, files }: BeginWritingParts) {
  const aside: SetAside = { journal: [] };
  let isFileOld = loaded.isFileOld;
  const notUsable = [...loaded.replayed.damaged, ...loaded.replayed.foreign];

  return async (): Promise<{ journal: Journal; aside: SetAside }> => {
    const { db, opened } = loaded;
    await makeDirectory(dirname(path));
    await removeTemporaries(path);
    if (opened.fault !== undefined) aside.file ??= await setAside(path, now());
    if (loaded.beforeMigration) {
      await keepCopy(path, loaded.beforeMigration, now(), files);
      letGo(loaded.beforeMigration);
      loaded.beforeMigration = undefined;
    }
    if (isFileOld) {
      const bytes = db.export();
      try {
        await replaceFile(path, bytes, files);
      } finally {
        letGo(bytes);
      }
      isFileOld = false;
    }

    // Only now: until here, the old files of the journal were needed.
    for (let file = notUsable[0]; file !== undefined; file = notUsable[0]) {
      aside.journal.push(await setAside(file, now()));
      notUsable.shift();
    }
    const { history = '', sequence = 0 } = journalState(db) ?? {};
    const header = {
      format: JOURNAL_FORMAT,
      history,
      schema: schemaVersion(db),
      readableFrom: readableFrom(db),
    };
    const next = sequence + 1;
    const journal = await Journal.begin({ path, header, next, files });
    for (const old of loaded.journal) {
      if (old.path !== journalPath(path, next)) await fs.rm(old.path, { force: true });
    }
    await syncDirectory(dirname(path));
    return { journal, aside };
  };
}

/** Makes a directory and those above it, durably. */
export async function makeDirectory(dir: string): Promise<void> {
  const first = await fs.mkdir(dir, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = dir; made.length >= first.length; made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

/** Deletes what writes that were cut off have left. */
async function removeTemporaries(path: string): Promise<void> {
  const dir = dirname(path);
  for (const name of await fs.readdir(dir)) {
    const isOurs = name === basename(path) || name.startsWith(`${basename(path)}.`);
    if (isOurs && name.endsWith(temporaryOf(''))) await fs.rm(join(dir, name), { force: true });
  }
}
