import type { Readable } from 'node:stream';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { checkKey } from '../common/key.ts';
import { putByStaging } from '../common/putByStaging.ts';
import { streamBroke } from '../common/refusals.ts';
import { sentDigest } from '../common/sentDigest.ts';
import { lockName, newTemporary, temporaryOf } from '../common/temporary.ts';
import type { Confirmed, Destination, StageCall, Staged, Stored } from '../destination.ts';
import { confirmedBy } from './confirmed.ts';
import { LIMITS, sshConnection } from './connection.ts';
import { scpCommands } from './scpCommands.ts';
import { scpError } from './scpErrors.ts';
import { FREE, LIST, PUBLISH, READ, REMOVE, STAT, SUM_OF, WRITE } from './scpScripts.ts';
import { readChannel, receive, sendBody } from './scpStreams.ts';
import type { SshSettings } from './settings.ts';
import type { SshOptions } from './sftp.ts';
import { endedEarly } from './sftp.ts';
import { BodyBroke } from './sftpWrite.ts';
import { collect } from './shell.ts';
import { shells } from './shells.ts';
import { atStage } from './sshErrors.ts';

const CONNECTIONS = 3;
/** A disk that is slow to write gigabytes, or a sum over them: the server is alive and says nothing. */
const QUIET_MS = 6 * 3_600_000;
/** A caller that has stopped waits no longer than this for what is taken away after it. */
const TAKE_AWAY_MS = 1_500;
/** Names in one command; all servers take a line of this length. */
const NAMES = 50;
const PAGE = 50;

/** Archives as plain files in one directory of a server that runs commands, which must exist. */
export function scpDestination(settings: SshSettings, options: SshOptions): Destination {
  const { id, installation, location, limits = LIMITS } = options;
  const place = { ...settings, place: location };
  const connections = Array.from({ length: CONNECTIONS }, () =>
    sshConnection(settings, place, limits)
  );
  const commands = scpCommands(location, settings.directory, shells(connections, place));
  const { pathOf } = commands;
  /** Temporaries and locks of this process: `sweep` leaves them alone. */
  const underWay = new Set<string>();

  const remove = (call: { stage: Stage; signal?: AbortSignal | undefined }, names: string[]) =>
    commands.ask({ ...call, quietMs: QUIET_MS }, REMOVE, names);

  const stage: Destination['stage'] = async (key, body, call = {}) => {
    const temporary = newTemporary(installation);
    underWay.add(temporary);
    const done = () => underWay.delete(temporary);
    try {
      checkKey(key);
      const sent = await write(temporary, key, body, call);
      let published: Promise<void> | undefined;
      return {
        bytes: sent.bytes,
        confirm: call => confirm(temporary, key, sent, call?.signal),
        readBack: async call => ({
          body: await openFile(temporary, key, { signal: call?.signal }),
          readFrom: () => 'cache',
        }),
        publish: call => (published ??= publish(temporary, key, call?.signal).finally(done)),
        discard: async call => {
          await remove({ stage: 'cleanup', signal: call?.signal }, [temporary]);
          done();
        },
      } satisfies Staged;
    } catch (error) {
      body.destroy();
      done();
      throw error;
    }
  };

  async function write(
    temporary: string,
    key: string,
    body: Readable,
    stageCall: StageCall
  ): Promise<{ bytes: number; sha256: string }> {
    const { signal } = stageCall;
    const call = { stage: 'copy', signal } as const;
    let broken: { error: unknown } | undefined = body.errored ? { error: body.errored } : undefined;
    const note = (error: unknown) => (broken ??= { error });
    body.once('error', note); // it may break before it is read
    const sum = sentDigest(stageCall);
    let end = async (): Promise<void> => undefined;
    try {
      signal?.throwIfAborted();
      if (broken) throw new BodyBroke('', { cause: broken.error });
      const running = await commands.start(call, WRITE, [temporary]);
      const { link, channel, release } = running;
      // Not stopped by the caller: `cat` must have ended before its file is taken away.
      const ended = collect(link, { stage: 'copy', quietMs: QUIET_MS }, channel).finally(release);
      ended.catch(() => undefined);
      end = async () => {
        channel.end();
        await Promise.race([ended.catch(() => undefined), waited(TAKE_AWAY_MS / 2)]);
        channel.close();
      };
      body.off('error', note);
      const bytes = await sendBody(running, body, call, ended, chunk => sum.update(chunk));
      channel.end();
      const said = await ended;
      const stored = Number(commands.resultOf(said, call, key, bytes));
      if (stored !== bytes) throw endedEarlyWrite(location, key, stored, bytes);
      return { bytes, sha256: sum.hex() };
    } catch (error) {
      await end();
      await remove({ stage: 'cleanup', signal: AbortSignal.timeout(TAKE_AWAY_MS) }, [
        temporary,
      ]).catch(() => undefined); // best effort: the failure before is what gets reported
      if (signal?.aborted || error instanceof BodyBroke)
        throw streamBroke(key, error instanceof BodyBroke ? error.cause : error, signal);
      throw error;
    }
  }

  async function publish(temporary: string, key: string, signal?: AbortSignal): Promise<void> {
    const call = { stage: 'publish', signal, quietMs: QUIET_MS } as const;
    const lock = lockName(installation, key);
    const isOurs = !underWay.has(lock);
    underWay.add(lock);
    try {
      await commands.ask(call, PUBLISH, [temporary, key, lock], key);
    } catch (error) {
      await remove({ stage: 'cleanup', signal: AbortSignal.timeout(TAKE_AWAY_MS) }, [
        temporary,
      ]).catch(() => undefined);
      throw error;
    } finally {
      if (isOurs) underWay.delete(lock);
    }
  }

  async function confirm(
    temporary: string,
    key: string,
    sent: { bytes: number; sha256: string },
    signal?: AbortSignal
  ): Promise<Confirmed> {
    const call = { stage: 'checksum', signal } as const;
    // It may have its own name by now.
    const name = (await look(call, temporary)) ? temporary : key;
    const found = await look(call, name);
    const sum = await commands
      .ask({ ...call, quietMs: QUIET_MS }, SUM_OF, [name], key)
      .catch(error => {
        if (/exit code 44/.test(String((error as Error).cause))) return '';
        throw error;
      });
    const sha256 = /\b[0-9a-f]{64}\b/.exec(sum)?.[0];
    return confirmedBy(locate(key), sent, { bytes: found?.bytes ?? 0, sha256 });
  }

  async function look(
    call: { stage: Stage; signal?: AbortSignal | undefined },
    key: string
  ): Promise<Stored | undefined> {
    try {
      const [bytes = 0, ...times] = (await commands.ask(call, STAT, [key])).split(' ').map(Number);
      return { key, bytes, modifiedAt: new Date(Math.max(...times) * 1000) };
    } catch (error) {
      if (error instanceof StageError && error.reason === 'ArchiveMissing') return undefined;
      throw error;
    }
  }

  async function openFile(
    name: string,
    key: string,
    { range, signal }: Parameters<Destination['open']>[1] & object
  ): Promise<Readable> {
    const call = { stage: 'checksum', signal } as const;
    const { start = 0, end = Infinity } = range ?? {};
    const part = range ? [String(start + 1), String(end - start + 1)] : ['all'];
    const { link, channel, release } = await commands.start(call, READ, [name, ...part]);
    const ended = collect(link, { stage: 'checksum', quietMs: Infinity }, channel, {
      ignoreStdout: true,
    }).finally(release);
    ended.catch(() => undefined);
    channel.end();
    let expected = 0;
    return await receive({
      link,
      channel,
      call,
      ended,
      expect: bytes => (expected = Math.max(0, Math.min(end + 1, bytes) - start)),
      toError: (received, said) =>
        said.code === 0 && said.stdout === ''
          ? endedEarly(location, key, received, expected)
          : scpError(said, {
              ...{ stage: 'checksum', place: location, directory: settings.directory },
              ...{ key, path: pathOf(key) },
            }),
      onEnd: release,
    });
  }

  /** @returns all files of the directory, as the server lists them. */
  async function* listed(stage: Stage, signal?: AbortSignal): AsyncGenerator<Stored> {
    const call = { stage, signal } as const;
    const { link, channel, release } = await commands.start(call, LIST);
    const ended = collect(link, { stage, quietMs: Infinity }, channel, { ignoreStdout: true });
    ended.catch(() => undefined);
    channel.end();
    let rest = '';
    try {
      const decoder = new TextDecoder();
      for await (const chunk of readChannel({ link, channel, call })) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const found = fileOf(line);
          if (found) yield found;
          else if (line.startsWith('nkvm:')) rest = `${line}\n`;
        }
      }
      // Without its last line a list has been cut, and concludes nothing.
      commands.resultOf({ ...(await ended), stdout: rest }, call, '');
    } finally {
      release();
    }
  }

  const locate: Destination['locate'] = key => `${location.replace(/\/$/, '')}/${key}`;

  return {
    id,
    kind: 'scp',
    location,
    isNear: false,
    provesAfterPublish: false,
    locate,
    stage,

    put: putByStaging(stage, error => atStage(error, 'publish')),

    async stat(key, { signal } = {}) {
      checkKey(key);
      return await look({ stage: 'checksum', signal }, key);
    },

    async open(key, call = {}) {
      checkKey(key);
      return await openFile(key, key, call);
    },

    async *list({ prefix = '', wanted = () => true, signal } = {}) {
      let page: Stored[] = [];
      for await (const found of listed('checksum', signal)) {
        const { key } = found;
        if (key.startsWith('.') || !key.startsWith(prefix) || !wanted(key)) continue;
        page.push(found);
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      if (page.length > 0) yield page;
    },

    async remove(key, { signal } = {}) {
      checkKey(key);
      await remove({ stage: 'cleanup', signal }, [key]);
    },

    async sweep({ signal } = {}) {
      const names: string[] = [];
      for await (const { key } of listed('cleanup', signal))
        if (temporaryOf(key, installation) === 'us' && !underWay.has(key)) names.push(key);
      for (let at = 0; at < names.length; at += NAMES)
        await remove({ stage: 'cleanup', signal }, names.slice(at, at + NAMES));
      return names.length;
    },

    async freeBytes({ signal } = {}) {
      const line = await commands.ask({ stage: 'copy', signal }, FREE);
      const available = /\s\d+\s+\d+\s+(\d+)\s+\d+%/.exec(line)?.[1];
      return available === undefined ? undefined : Number(available) * 1024;
    },

    async close() {
      await Promise.all(connections.map(connection => connection.close()));
    },
  };
}

/** @returns a file of a listing: `size time time ./name`. Names with line breaks are not from NKVM. */
function fileOf(line: string): Stored | undefined {
  const [, bytes, first, second, key] = /^(\d+) ([\d.]+) ([\d.]+) \.\/(.*)$/.exec(line) ?? [];
  if (key === undefined) return undefined;
  const seconds = Math.max(Number(first), Number(second));
  return { key, bytes: Number(bytes), modifiedAt: new Date(seconds * 1000) };
}

const waited = (ms: number) => new Promise<void>(resolve => void setTimeout(resolve, ms).unref());

const endedEarlyWrite = (place: string, key: string, stored: number, sent: number): StageError =>
  new StageError(
    'copy',
    'StoredDiffers',
    `destination ${place} has stored ${stored} bytes of ${key}, ${sent} were sent`,
    'check the disk of the server and its log; NKVM tries again',
    'transient'
  );
