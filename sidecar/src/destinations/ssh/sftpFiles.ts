import type { FileEntry, Stats } from 'ssh2';
import type { Stage } from '../../../api/index.ts';
import type { StageError } from '../../errors.ts';
import type { Call } from '../destination.ts';
import type { SshCall } from './connection.ts';
import type { FileSystem } from './sftpErrors.ts';
import { sftpError, STATUS, statusOf } from './sftpErrors.ts';
import type { SftpSession, SftpSessions } from './sftpSession.ts';

/** A directory on a server, and the requests of SFTP on its files, each with its failure in words. */
export interface SftpFiles {
  readonly place: string;
  readonly directory: string;
  /** @returns the path of a name in the directory. */
  pathOf(name: string): string;
  /** @returns undefined only when the server says that it is not there, and the directory is. @throws StageError */
  look(session: SftpSession, call: SshCall, name: string): Promise<Stats | undefined>;
  /** Deletes a file; one that is not there is no error. @throws StageError */
  remove(session: SftpSession, call: SshCall, name: string): Promise<void>;
  /** Writes to the disk what the server holds in memory of a file, and its name, where the server can do that. */
  sync(session: SftpSession, call: SshCall, handle: Buffer): Promise<void>;
  /** @returns the entries of the directory, in batches as they come. @throws StageError */
  entries(session: SftpSession, call: SshCall): AsyncGenerator<FileEntry[]>;
  /** @returns undefined where the server does not say. */
  fileSystem(session: SftpSession, call: SshCall): Promise<FileSystem | undefined>;
  /** @returns what a refusal means. @param storedBytes of the archive, when its bytes were under way */
  refusal(
    error: unknown,
    session: SftpSession | undefined,
    call: Call & { stage: Stage },
    name: string,
    storedBytes?: number
  ): Promise<StageError>;
}

/** Writing gigabytes to a slow disk takes minutes, in which the server says nothing in this session. */
const SYNC_MS = 30 * 60_000;
/** How many batches of names are asked for at once. A batch of OpenSSH has 100. */
const BATCHES = 4;
const READ_ONLY = 1n; // ST_RDONLY

type Statvfs = Record<'f_frsize' | 'f_bavail' | 'f_files' | 'f_favail' | 'f_flag', number | bigint>;

export function sftpFiles(
  place: string,
  directory: string,
  sessions: Pick<SftpSessions, 'use'>
): SftpFiles {
  const pathOf = (name: string) => `${directory.replace(/\/$/, '')}/${name}`;

  const statOf = (session: SftpSession, call: SshCall, path: string) =>
    session.ask<Stats>(call, (sftp, done) => sftp.stat(path, done));

  /** Only "no" is no: where it cannot be asked, it is taken to be there. */
  const isDirectoryThere = async (session: SftpSession, call: SshCall): Promise<boolean> => {
    try {
      return (await statOf(session, call, directory)).isDirectory();
    } catch (error) {
      return statusOf(error) !== STATUS.noFile;
    }
  };

  const fileSystem: SftpFiles['fileSystem'] = async (session, call) => {
    if (!session.extensions.has('statvfs@openssh.com')) return undefined;
    const found = await session.ask<Statvfs>(call, (sftp, done) =>
      sftp.ext_openssh_statvfs(directory, done as never)
    );
    return {
      freeBytes: Number(found.f_bavail) * Number(found.f_frsize),
      // Some file systems have no limit, and say 0 of 0.
      freeFiles: Number(found.f_files) === 0 ? Infinity : Number(found.f_favail),
      isReadOnly: (BigInt(found.f_flag) & READ_ONLY) !== 0n,
    };
  };

  const files: SftpFiles = {
    place,
    directory,
    pathOf,
    fileSystem,

    async look(session, call, name) {
      try {
        return await session.ask<Stats>(call, (sftp, done) => sftp.lstat(pathOf(name), done));
      } catch (error) {
        if (statusOf(error) === STATUS.noFile && (await isDirectoryThere(session, call)))
          return undefined;
        throw await files.refusal(error, session, call, name);
      }
    },

    async remove(session, call, name) {
      try {
        await session.ask<void>(call, (sftp, done) => sftp.unlink(pathOf(name), done));
      } catch (error) {
        if (statusOf(error) === STATUS.noFile && (await isDirectoryThere(session, call))) return;
        throw await files.refusal(error, session, call, name);
      }
    },

    async sync(session, call, handle) {
      if (!session.extensions.has('fsync@openssh.com')) return;
      await session.ask<void>({ ...call, quietMs: SYNC_MS }, (sftp, done) =>
        sftp.ext_openssh_fsync(handle, done)
      );
    },

    async *entries(session, call) {
      const handle = await session
        .ask<Buffer>(call, (sftp, done) => sftp.opendir(directory, done))
        .catch(async error => {
          throw await files.refusal(error, session, call, '');
        });
      const ask = () => {
        const batch = session.ask<FileEntry[]>(call, (sftp, done) =>
          sftp.readdir(handle as never, done)
        );
        batch.catch(() => undefined); // it is awaited in its turn
        return batch;
      };
      try {
        const ahead = Array.from({ length: BATCHES }, ask);
        for (;;) {
          const batch = await ahead.shift()!;
          ahead.push(ask());
          yield batch;
        }
      } catch (error) {
        if (statusOf(error) === STATUS.eof) return;
        call.signal?.throwIfAborted();
        throw await files.refusal(error, session, call, '');
      } finally {
        void session
          .ask<void>({ stage: call.stage }, (sftp, done) => sftp.close(handle, done))
          .catch(() => undefined);
      }
    },

    async refusal(error, session, { stage, signal }, name, storedBytes) {
      const facts = { stage, place, directory, key: name, storedBytes };
      if (statusOf(error) === undefined)
        return sftpError(error, { ...facts, isDirectoryThere: true });
      const see = async (one: SftpSession) => ({
        isDirectoryThere: await isDirectoryThere(one, { stage, signal }),
        files: await fileSystem(one, { stage, signal }).catch(() => undefined),
      });
      const seen = await (session ? see(session) : sessions.use({ stage, signal }, see)).catch(
        () => ({ isDirectoryThere: true })
      );
      return sftpError(error, { ...facts, ...seen });
    },
  };
  return files;
}
