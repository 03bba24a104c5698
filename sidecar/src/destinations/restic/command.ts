import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { PROGRAM_PATH } from '../../programs.ts';
import type { Call } from '../destination.ts';
import { guardedProxy } from '../trust/guardedProxy.ts';
import { resolveAllowed } from '../trust/lookup.ts';
import { resticError, resticMissing } from './resticErrors.ts';
import type { ResticSettings } from './settings.ts';
import { locationOf, serverOf } from './settings.ts';

/** A program that runs. */
export interface Running {
  child: ChildProcess;
  /** Resolves when it has ended well. @throws StageError that says why not */
  ended: Promise<void>;
}

export interface Restic {
  /** Starts the program. Passwords and keys are in its environment only, where no other user sees them. */
  start(stage: Stage, args: readonly string[], call?: Call, stdio?: StdioOptions): Promise<Running>;
  /** @returns what it wrote. */
  run(stage: Stage, args: readonly string[], call?: Call): Promise<string>;
}

/** How long another process may have the repository for itself. */
const RETRY_LOCK = '30s';

/** How long a connection may take. */
const CONNECT_MS = 20_000;

/** Its last output. */
const ERROR_BYTES = 8 * 1024;

/**
 * The restic command on one repository.
 * @param workDir a directory of this process: cache, and certificates
 * @param program for tests
 */
export function resticCommand(
  settings: ResticSettings,
  workDir: string,
  program = 'restic'
): Restic {
  const place = locationOf(settings);
  const server = serverOf(settings);
  let options: string[] | undefined;

  const globalOptions = (): string[] => {
    if (options) return options;
    mkdirSync(workDir, { recursive: true, mode: 0o700 });
    const found = ['--retry-lock', RETRY_LOCK];
    if (settings.insecure) found.push('--insecure-tls');
    if (settings.caBundle !== undefined) {
      const file = join(workDir, 'ca.pem');
      writeFileSync(file, settings.caBundle, { mode: 0o600 });
      found.push('--cacert', file);
    }
    return (options = found);
  };
  const environment = (): NodeJS.ProcessEnv => ({
    PATH: PROGRAM_PATH,
    HOME: workDir,
    TMPDIR: workDir,
    RESTIC_CACHE_DIR: join(workDir, 'cache'),
    RESTIC_REPOSITORY: settings.repository,
    RESTIC_PASSWORD: settings.password,
    AWS_ACCESS_KEY_ID: settings.accessKeyId,
    AWS_SECRET_ACCESS_KEY: settings.secretAccessKey,
    AWS_DEFAULT_REGION: settings.region,
    GOGC: '20', // less memory for a little more processor time
  });

  const start: Restic['start'] = async (stage, args, { signal } = {}, stdio) => {
    signal?.throwIfAborted();
    if (server) await resolveAllowed(server.host, { stage, place, port: server.port, signal });
    // restic resolves the name again, to whatever it is then, and follows redirects.
    const proxy = server && (await guardedProxy({ stage, place, limitMs: CONNECT_MS }, stop));
    if (signal?.aborted) {
      proxy?.close();
      throw signal.reason;
    }
    const child = spawn(program, [...globalOptions(), ...args], {
      env: { ...environment(), ...(proxy && { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }) },
      stdio: stdio ?? ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-ERROR_BYTES);
    });
    // It removes its lock before it ends.
    function stop() {
      child.kill('SIGTERM');
    }
    signal?.addEventListener('abort', stop, { once: true });
    const ended = new Promise<void>((resolve, reject) => {
      child.once('error', error => reject(resticMissing(stage, place, error)));
      child.once('close', (code, killedBy) => {
        signal?.removeEventListener('abort', stop);
        proxy?.close();
        if (code === 0) resolve();
        else if (signal?.aborted) reject(signal.reason);
        else if (proxy?.refusal()) reject(proxy.refusal());
        else reject(resticError({ stage, place, code, killedBy, said }));
      });
    });
    ended.catch(() => undefined); // whoever waits for it gets it, too
    return { child, ended };
  };

  async function once(stage: Stage, args: readonly string[], call?: Call): Promise<string> {
    const { child, ended } = await start(stage, args, call);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
    await ended;
    return text;
  }

  return {
    start,
    async run(stage, args, call) {
      try {
        return await once(stage, args, call);
      } catch (error) {
        if (!(error instanceof StageError) || error.reason !== 'RepositoryLocked') throw error;
        // Removes only locks of processes that have ended, or have not renewed theirs for half an hour.
        await once(stage, ['unlock'], call);
        return await once(stage, args, call);
      }
    },
  };
}
