import { isLeftLock, nameLocked } from '../common/nameLock.ts';
import { nameTaken, temporaryGone } from '../common/refusals.ts';
import { lockName } from '../common/temporary.ts';
import type { SshCall } from './connection.ts';
import { statusOf } from './sftpErrors.ts';
import type { SftpFiles } from './sftpFiles.ts';
import type { SftpSession } from './sftpSession.ts';

export interface Naming {
  files: SftpFiles;
  session: SftpSession;
  call: SshCall;
  /** Its name until then. */
  temporary: string;
  key: string;
  installation: string;
  /** Names of files that a sweep must leave alone. */
  underWay: Set<string>;
}

const { F_WRITE, F_CREATE, F_EXCLUSIVE, F_READ } = {
  F_READ: 0x01,
  F_WRITE: 0x02,
  F_CREATE: 0x08,
  F_EXCLUSIVE: 0x20,
} as const;
/** Makes a file, and fails where there is one. */
export const NEW_FILE = F_WRITE | F_CREATE | F_EXCLUSIVE;
/** Only the user of the Secret can read archives. */
export const MODE = 0o600;

/**
 * Gives a temporary its name for good, and never replaces a file.
 * @throws StageError. Neither name is left then, unless the connection broke: then it may have its name.
 */
export async function publishBySftp(naming: Naming): Promise<void> {
  const { files, session, call, temporary, key } = naming;
  try {
    await giveName(naming);
  } catch (error) {
    const refusal = await files.refusal(error, session, call, key);
    await takeAway(naming, temporary);
    throw refusal;
  }
  try {
    await files.remove(session, call, temporary);
    await syncName(naming);
  } catch (error) {
    const refusal = await files.refusal(error, session, call, key);
    await takeAway(naming, temporary);
    await takeAway(naming, key);
    throw refusal;
  }
}

/**
 * A hard link fails where the name exists. Servers that have none can only rename, and not all of them refuse to replace: a
 * lock file then holds the name between the look and the rename.
 */
async function giveName(naming: Naming): Promise<void> {
  const { files, session, call, temporary, key } = naming;
  const [from, to] = [files.pathOf(temporary), files.pathOf(key)];
  if (session.extensions.has('hardlink@openssh.com')) {
    try {
      return await session.ask<void>(call, (sftp, done) =>
        sftp.ext_openssh_hardlink(from, to, done)
      );
    } catch (error) {
      if (statusOf(error) === undefined) throw error;
      if (await files.look(session, call, key)) throw nameTaken(to);
      if (!(await files.look(session, call, temporary))) throw temporaryGone(to, { cause: error });
      // This file system has no hard links.
    }
  }
  await renameUnderLock(naming);
}

async function renameUnderLock(naming: Naming): Promise<void> {
  const { files, session, call, temporary, key, installation, underWay } = naming;
  const [from, to] = [files.pathOf(temporary), files.pathOf(key)];
  const lock = lockName(installation, to);
  const isOurs = !underWay.has(lock);
  underWay.add(lock); // before it is there, for a sweep of this process
  try {
    await holdLock(naming, lock, isOurs);
    try {
      if (await files.look(session, call, key)) throw nameTaken(to);
      await session.ask<void>(call, (sftp, done) => sftp.rename(from, to, done));
    } catch (error) {
      if (statusOf(error) === undefined) throw error;
      if (!(await files.look(session, call, temporary))) throw temporaryGone(to, { cause: error });
      if (await files.look(session, call, key)) throw nameTaken(to);
      throw error;
    } finally {
      await takeAway(naming, lock);
    }
  } finally {
    if (isOurs) underWay.delete(lock);
  }
}

/** @param isOurs whether no other publication of this process has the lock */
async function holdLock(naming: Naming, lock: string, isOurs: boolean): Promise<void> {
  const { files, session, call, key, temporary } = naming;
  try {
    await makeLock(naming, lock);
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
    const held = await files.look(session, call, lock);
    if (!held) throw error;
    const place = files.pathOf(key);
    if (!isOurs || (await files.look(session, call, key))) throw nameTaken(place);
    const waiting = await files.look(session, call, temporary);
    const at = ({ mtime }: { mtime: number }) => new Date(mtime * 1000);
    if (!isLeftLock(at(held), waiting && at(waiting))) throw nameLocked(place, files.pathOf(lock));
    await files.remove(session, call, lock);
    await makeLock(naming, lock);
  }
}

async function makeLock({ files, session, call }: Naming, lock: string): Promise<void> {
  const handle = await session.ask<Buffer>(call, (sftp, done) =>
    sftp.open(files.pathOf(lock), NEW_FILE, { mode: MODE }, done)
  );
  await session.ask<void>(call, (sftp, done) => sftp.close(handle, done));
}

/**
 * SFTP writes no directory to the disk. Its file systems write the name of a file together with the file, when its count of
 * names has changed since (ext4, XFS and btrfs do).
 */
async function syncName({ files, session, call, key }: Naming): Promise<void> {
  if (!session.extensions.has('fsync@openssh.com')) return;
  const handle = await session.ask<Buffer>(call, (sftp, done) =>
    sftp.open(files.pathOf(key), F_READ, done)
  );
  try {
    await files.sync(session, call, handle);
  } finally {
    await session.ask<void>(call, (sftp, done) => sftp.close(handle, done));
  }
}

/** Best effort after a failure, which is what gets reported; the sweep at the next start tries again. */
const takeAway = ({ files, session, call }: Naming, name: string): Promise<void> =>
  files.remove(session, { stage: call.stage }, name).catch(() => undefined);
