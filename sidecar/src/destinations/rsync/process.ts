import { execFile, spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { Stage } from '../../../api/index.ts';
import { StageError, textOf } from '../../errors.ts';
import { killGroup, PROGRAM_PATH } from '../../programs.ts';
import { newWorkDirectory } from '../common/workFiles.ts';
import { resolveAllowed } from '../trust/lookup.ts';
import { aliasOf, hasFingerprints, knownHostsFile } from './hostKeys.ts';
import type { RsyncEnd } from './rsyncErrors.ts';
import { rsyncError } from './rsyncErrors.ts';
import type { RsyncSettings, RsyncSsh } from './settings.ts';
import { locationOf } from './settings.ts';

/** How long a connection may take, in seconds. */
const CONNECT_S = 20;

/** Exit code: "some files vanished before they could be transferred". All others are there. */
const VANISHED = 24;

export interface RsyncCall {
  stage: Stage;
  signal?: AbortSignal | undefined;
  workDir: string;
  /** How long no byte may move, in seconds. */
  stallS: number;
  /** For messages. */
  key?: string | undefined;
  /** Whether files may go while they are looked at: temporaries of others do that while a directory is listed. */
  mayVanish?: boolean;
}

/** Builds the arguments. @param remote the directory of the archives as rsync takes it, without a slash at its end */
export type Arguments = (remote: string) => string[];

/** A process of rsync. */
export interface Running {
  stdout: Readable;
  /** Resolves when it has ended well. @throws StageError */
  done: Promise<void>;
  end(): void;
}

/**
 * Starts rsync. No credential is in its arguments or its environment: a password goes to its standard input, and a private
 * key into a directory that only this process may read, until it has ended.
 * @throws StageError
 */
export async function startRsync(
  settings: RsyncSettings,
  argumentsFor: Arguments,
  call: RsyncCall
): Promise<Running> {
  const { stage, signal, workDir, stallS, key } = call;
  const place = locationOf(settings);
  // rsync and ssh would resolve the name again, to whatever it is then.
  const [at] = await resolveAllowed(settings.host, { stage, place, port: settings.port, signal });
  const address = at?.family === 6 ? `[${at.address}]` : at?.address ?? settings.host;
  const dir = await newWorkDirectory(workDir, stage);
  const forget = () => fs.rm(dir, { recursive: true, force: true }).catch(() => undefined);
  try {
    const way = await wayTo(settings, address, dir);
    signal?.throwIfAborted();
    const child = spawn(
      'rsync',
      [
        ...[...way.options, `--timeout=${stallS}`, '--no-motd', '--no-human-readable'],
        ...['--8-bit-output', ...argumentsFor(way.remote)],
      ],
      {
        cwd: dir,
        env: { PATH: PROGRAM_PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC', HOME: dir },
        stdio: ['pipe', 'pipe', 'pipe'],
        // In a group of its own, so that its helpers end with it.
        detached: true,
      }
    );
    child.stdin.on('error', () => undefined).end(way.input);
    const end = () => killGroup(child, 'SIGTERM');
    signal?.addEventListener('abort', end, { once: true });
    const said = text(child.stderr).catch(() => '');
    const ended = new Promise<RsyncEnd>(resolve => {
      child.once('error', error => resolve({ code: undefined, said: error.message }));
      child.once('close', async code => resolve({ code: code ?? undefined, said: await said }));
    });
    const done = ended.then(async result => {
      signal?.removeEventListener('abort', end);
      await forget();
      if (result.code === 0 || (result.code === VANISHED && call.mayVanish)) return;
      signal?.throwIfAborted();
      throw rsyncError(result, { stage, settings, key });
    });
    done.catch(() => undefined);
    return { stdout: child.stdout, done, end };
  } catch (error) {
    await forget();
    signal?.throwIfAborted();
    if (error instanceof StageError) throw error;
    throw rsyncError({ code: undefined, said: textOf(error) }, { stage, settings, key });
  }
}

/** Runs rsync to its end. @returns what it wrote to stdout. @throws StageError */
export async function runRsync(
  settings: RsyncSettings,
  argumentsFor: Arguments,
  call: RsyncCall
): Promise<string> {
  const { stdout, done } = await startRsync(settings, argumentsFor, call);
  const [output] = await Promise.all([text(stdout), done]);
  return output;
}

/** @returns what rsync writes, which fails at its end when rsync has failed. */
export function outputOf({ stdout, done, end }: Running): Readable {
  const body = Readable.from(
    (async function* () {
      for await (const chunk of stdout) yield chunk;
      await done;
    })(),
    { objectMode: false }
  );
  body.once('close', end);
  return body;
}

interface Way {
  options: string[];
  remote: string;
  input: string;
}

async function wayTo(settings: RsyncSettings, address: string, dir: string): Promise<Way> {
  const { port, directory } = settings;
  if (settings.way === 'daemon') {
    const { module, username, password } = settings;
    const path = directory === '.' ? '' : `/${directory}`;
    return {
      options: [
        ...[`--port=${port}`, `--contimeout=${CONNECT_S}`],
        ...(password === undefined ? [] : ['--password-file=-']),
      ],
      remote: `${username === undefined ? '' : `${username}@`}${address}::${module}${path}`,
      input: password === undefined ? '' : `${password}\n`,
    };
  }
  const write = (name: string, contents: string) =>
    fs.writeFile(join(dir, name), contents, { mode: 0o600, flag: 'wx' });
  await write('key', settings.privateKey);
  await write('known_hosts', await knownHostsFor(settings, address));
  await write(
    'config',
    [
      'Host *',
      ...[`Port ${port}`, `User ${settings.username}`, `HostKeyAlias ${aliasOf(settings)}`],
      ...[`IdentityFile "${join(dir, 'key')}"`, 'IdentitiesOnly yes', 'IdentityAgent none'],
      `UserKnownHostsFile "${join(dir, 'known_hosts')}"`,
      ...['GlobalKnownHostsFile none', 'CheckHostIP no', 'UpdateHostKeys no'],
      `StrictHostKeyChecking ${settings.insecure ? 'no' : 'yes'}`,
      ...['BatchMode yes', 'PreferredAuthentications publickey', 'ClearAllForwardings yes'],
      ...[`ConnectTimeout ${CONNECT_S}`, 'ServerAliveInterval 15', 'ServerAliveCountMax 4'],
      ...['LogLevel ERROR', 'RequestTTY no', 'ControlMaster no', ''],
    ].join('\n')
  );
  return {
    options: ['-e', `ssh -F "${join(dir, 'config')}"`],
    remote: `${address}:${directory}`,
    input: '',
  };
}

const run = promisify(execFile);

async function knownHostsFor(settings: RsyncSettings & RsyncSsh, address: string): Promise<string> {
  const { knownHosts, insecure, port } = settings;
  if (insecure) return '';
  const shown = hasFingerprints(knownHosts) ? await shownKeys(address, port) : [];
  return knownHostsFile(knownHosts, settings, shown);
}

/** @returns the host keys that a server shows, as `type base64`. Nothing is trusted by that. */
export async function shownKeys(address: string, port: number): Promise<string[]> {
  const { stdout } = await run(
    'ssh-keyscan',
    ['-T', String(CONNECT_S), '-p', String(port), address.replace(/^\[(.*)\]$/, '$1')],
    { timeout: CONNECT_S * 1000 }
  );
  return stdout
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(' ').slice(1, 3).join(' '));
}
