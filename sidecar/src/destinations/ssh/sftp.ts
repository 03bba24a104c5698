import type { Readable } from 'node:stream';
import type { FileEntry } from 'ssh2';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { checkKey } from '../common/key.ts';
import { putByStaging } from '../common/putByStaging.ts';
import { archiveMissing, streamBroke } from '../common/refusals.ts';
import { sentDigest } from '../common/sentDigest.ts';
import { newTemporary, temporaryOf } from '../common/temporary.ts';
import type { Confirmed, Destination, StageCall, Staged, Stored } from '../destination.ts';
import { confirmedBy } from './confirmed.ts';
import type { SshLimits } from './connection.ts';
import { LIMITS, sshConnection } from './connection.ts';
import type { SshSettings } from './settings.ts';
import { sftpFiles } from './sftpFiles.ts';
import { MODE, NEW_FILE, publishBySftp } from './sftpPublish.ts';
import { EndedEarly, readAhead } from './sftpRead.ts';
import type { SftpSession } from './sftpSession.ts';
import { sftpSessions } from './sftpSession.ts';
import { BodyBroke, writeWindowed } from './sftpWrite.ts';
import { canSum, sumOnServer } from './shell.ts';
import { atStage } from './sshErrors.ts';

export interface SshOptions {
  id: string;
  /** Whose temporaries these are. */
  installation: string;
  /** For people: where it is. */
  location: string;
  limits?: SshLimits;
}

/** A caller that has stopped waits no longer than this for what is taken away after it. */
const TAKE_AWAY_MS = 1_500;

/** Archives as plain files in one directory of a server that speaks SFTP, which must exist. */
export function sftpDestination(settings: SshSettings, options: SshOptions): Destination {
  const { id, installation, location, limits = LIMITS } = options;
  const place = { ...settings, place: location };
  const connection = sshConnection(settings, place, limits);
  const sessions = sftpSessions(connection, place);
  const files = sftpFiles(location, settings.directory, sessions);
  const { pathOf } = files;
  /** Temporaries and locks of this process: `sweep` leaves them alone. */
  const underWay = new Set<string>();
  /** Whether the server runs commands for this user; found out once. */
  let sums: Promise<boolean> | undefined;

  const mayAskForSum = async (call: { stage: Stage; signal?: AbortSignal | undefined }) => {
    sums ??= connection.link(call).then(link => canSum(link, { stage: call.stage }));
    return await sums.catch(() => {
      sums = undefined;
      return false;
    });
  };

  const stage: Destination['stage'] = async (key, body, call = {}) => {
    const temporary = newTemporary(installation);
    underWay.add(temporary);
    const done = () => underWay.delete(temporary);
    try {
      checkKey(key);
      const { bytes, sha256 } = await write(temporary, key, body, call);
      let published: Promise<void> | undefined;
      return {
        bytes,
        confirm: call => confirm(temporary, key, bytes, sha256, call?.signal),
        readBack: async call => ({
          body: await openFile(temporary, key, { signal: call?.signal }),
          readFrom: () => 'cache',
        }),
        publish: call => (published ??= publish(temporary, key, call?.signal).finally(done)),
        discard: async call => {
          await sessions.use({ stage: 'cleanup', signal: call?.signal }, session =>
            files.remove(session, { stage: 'cleanup', signal: call?.signal }, temporary)
          );
          done();
        },
      } satisfies Staged;
    } catch (error) {
      body.destroy();
      done();
      throw error;
    }
  };

  /** @returns its size, and its SHA-256 where the server can be asked for that. No file is left after a failure. */
  async function write(
    temporary: string,
    key: string,
    body: Readable,
    stageCall: StageCall
  ): Promise<{ bytes: number; sha256: string | undefined }> {
    const { signal } = stageCall;
    const call = { stage: 'copy', signal } as const;
    let broken: { error: unknown } | undefined = body.errored ? { error: body.errored } : undefined;
    const note = (error: unknown) => (broken ??= { error });
    body.once('error', note); // it may break before it is read
    let stored: number | undefined;
    let leased: Awaited<ReturnType<typeof sessions.lease>> | undefined;
    let handle: Buffer | undefined;
    try {
      signal?.throwIfAborted();
      if (broken) throw new BodyBroke('', { cause: broken.error });
      const sum = (await mayAskForSum(call)) ? sentDigest(stageCall) : undefined;
      leased = await sessions.lease(call);
      const { session } = leased;
      const opened = await session.ask<Buffer>(call, (sftp, end) =>
        sftp.open(pathOf(temporary), NEW_FILE, { mode: MODE }, end)
      );
      handle = opened;
      body.off('error', note);
      stored = 0;
      const bytes = await writeWindowed(
        session,
        opened,
        body,
        call,
        chunk => sum?.update(chunk),
        count => (stored = count)
      );
      await files.sync(session, call, opened);
      handle = undefined;
      await session.ask<void>(call, (sftp, end) => sftp.close(opened, end));
      return { bytes, sha256: sum?.hex() };
    } catch (error) {
      const failure =
        signal?.aborted || error instanceof BodyBroke
          ? streamBroke(key, error instanceof BodyBroke ? error.cause : error, signal)
          : await files.refusal(error, leased?.session, { stage: 'copy' }, key, stored);
      await takeAway(leased?.session, handle, temporary);
      throw failure;
    } finally {
      leased?.release();
    }
  }

  /** Best effort: NKVM does not wait for a server that does not answer, and the sweep at the next start tries again. */
  async function takeAway(
    session: SftpSession | undefined,
    handle: Buffer | undefined,
    temporary: string
  ): Promise<void> {
    const call = { stage: 'cleanup', signal: AbortSignal.timeout(TAKE_AWAY_MS) } as const;
    try {
      if (session && handle)
        await session
          .ask<void>(call, (sftp, end) => sftp.close(handle, end))
          .catch(() => undefined);
      await sessions.use(call, one => files.remove(one, call, temporary));
    } catch {
      // The failure before is what gets reported.
    }
  }

  async function publish(temporary: string, key: string, signal?: AbortSignal): Promise<void> {
    const call = { stage: 'publish', signal } as const;
    await sessions.use(call, session =>
      publishBySftp({ files, session, call, temporary, key, installation, underWay })
    );
  }

  async function confirm(
    temporary: string,
    key: string,
    bytes: number,
    sha256: string | undefined,
    signal?: AbortSignal
  ): Promise<Confirmed> {
    const call = { stage: 'checksum', signal } as const;
    const { name, found } = await sessions.use(call, async session => {
      // It may have its own name by now.
      for (const one of [temporary, key]) {
        const stats = await files.look(session, call, one);
        if (stats) return { name: one, found: stats };
      }
      throw archiveMissing(pathOf(key));
    });
    const path = sha256 && (await absolutePath(name, call));
    const sum = path ? await sumOnServer(await connection.link(call), call, path) : undefined;
    return confirmedBy(locate(key), { bytes, sha256 }, { bytes: found.size, sha256: sum });
  }

  const absolutePath = (name: string, call: { stage: Stage; signal?: AbortSignal | undefined }) =>
    sessions.use(call, session =>
      session.ask<string>(call, (sftp, end) => sftp.realpath(pathOf(name), end))
    );

  async function openFile(
    name: string,
    key: string,
    { range, signal }: Parameters<Destination['open']>[1] & object
  ): Promise<Readable> {
    const call = { stage: 'checksum', signal } as const;
    const { session, release } = await sessions.lease(call);
    try {
      const found = await files.look(session, call, name);
      if (!found) throw archiveMissing(pathOf(key));
      const handle = await session.ask<Buffer>(call, (sftp, end) =>
        sftp.open(pathOf(name), 'r', end)
      );
      return readAhead({
        session,
        handle,
        bytes: found.size,
        range,
        signal,
        onEnd: () => {
          session
            .ask<void>({ stage: 'checksum' }, (sftp, end) => sftp.close(handle, end))
            .catch(() => undefined)
            .finally(release);
        },
        toError: async error =>
          error instanceof EndedEarly
            ? endedEarly(location, key, error.bytes, found.size)
            : await files.refusal(error, session, call, key),
      });
    } catch (error) {
      release();
      throw error instanceof StageError || signal?.aborted
        ? error
        : await files.refusal(error, undefined, call, key);
    }
  }

  const locate: Destination['locate'] = key => `${location.replace(/\/$/, '')}/${key}`;

  async function* listed(
    stage: Stage,
    signal: AbortSignal | undefined
  ): AsyncGenerator<FileEntry[]> {
    const call = { stage, signal } as const;
    const { session, release } = await sessions.lease(call);
    try {
      yield* files.entries(session, call);
    } finally {
      release();
    }
  }

  return {
    id,
    kind: 'sftp',
    location,
    isNear: false,
    provesAfterPublish: false,
    locate,
    stage,

    put: putByStaging(stage, error => atStage(error, 'publish')),

    async stat(key, { signal } = {}) {
      checkKey(key);
      const call = { stage: 'checksum', signal } as const;
      const found = await sessions.use(call, session => files.look(session, call, key));
      return found && storedOf(key, found);
    },

    async open(key, call = {}) {
      checkKey(key);
      return await openFile(key, key, call);
    },

    async *list({ prefix = '', wanted = () => true, signal } = {}) {
      for await (const batch of listed('checksum', signal)) {
        const page = batch
          .filter(({ filename, attrs }) => !filename.startsWith('.') && isFile(attrs.mode))
          .filter(({ filename }) => filename.startsWith(prefix) && wanted(filename))
          .map(({ filename, attrs }) => storedOf(filename, attrs));
        if (page.length > 0) yield page;
      }
    },

    async remove(key, { signal } = {}) {
      checkKey(key);
      const call = { stage: 'cleanup', signal } as const;
      await sessions.use(call, session => files.remove(session, call, key));
    },

    async sweep({ signal } = {}) {
      const call = { stage: 'cleanup', signal } as const;
      let swept = 0;
      for await (const batch of listed('cleanup', signal)) {
        for (const { filename } of batch) {
          if (temporaryOf(filename, installation) !== 'us' || underWay.has(filename)) continue;
          await sessions.use(call, session => files.remove(session, call, filename));
          swept += 1;
        }
      }
      return swept;
    },

    async freeBytes({ signal } = {}) {
      const call = { stage: 'copy', signal } as const;
      return await sessions.use(call, async session => {
        try {
          return (await files.fileSystem(session, call))?.freeBytes;
        } catch (error) {
          throw await files.refusal(error, session, call, '');
        }
      });
    },

    close: () => connection.close(),
  };
}

/** SFTP says the time of the contents, in seconds, and not that of the name. */
const storedOf = (key: string, { size, mtime }: { size: number; mtime: number }): Stored => ({
  key,
  bytes: size,
  modifiedAt: new Date(mtime * 1000),
});

/** A server that says no mode says nothing against it. */
const isFile = (mode: number | undefined): boolean =>
  mode === undefined || (mode & 0o170000) === 0 || (mode & 0o170000) === 0o100000;

/** @returns the answer of a file that has fewer bytes than its size. */
export const endedEarly = (
  place: string,
  key: string,
  bytes: number,
  expected: number
): StageError =>
  new StageError(
    'checksum',
    'ReadEndedEarly',
    `destination ${place} gave ${bytes} of the ${expected} bytes of ${key}`,
    'check whether the file was changed or truncated on the server; see the log of the server; NKVM tries again',
    'unknown'
  );
