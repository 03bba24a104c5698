import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../cluster/machine/paths.ts';
import { isOnPath, run, runAloud, say } from '../cluster/machine/run.ts';
import type { S3Server } from './s3Server.ts';
import { s3Server } from './s3Server.ts';
import { startServer } from './server.ts';

const VERSION = '5.2.1';
const HOME = join(CACHE, `moto-${VERSION}`);
const PYTHON = join(HOME, 'bin/python');
const MARK = join(HOME, 'complete');

/** Undefined: moto can be started. Else why not, for a test that is skipped. */
export const motoMissing = existsSync(MARK)
  ? undefined
  : `moto is not built: npm run servers (Python 3 with venv)`;

/** Installs moto, an S3 server in Python that keeps all in memory, into an environment of its own. */
export async function buildMoto(): Promise<void> {
  if (existsSync(MARK)) return;
  if (!isOnPath('python3')) return say('moto is not built: there is no python3');
  say(`installing moto ${VERSION} in ${HOME}`);
  rmSync(HOME, { recursive: true, force: true });
  await runAloud('python3', ['-m', 'venv', HOME]);
  await runAloud(PYTHON, [
    '-m',
    'pip',
    'install',
    '--quiet',
    `moto[s3]==${VERSION}`,
    'flask',
    'flask-cors',
  ]);
  run(PYTHON, ['-c', 'import moto.server']);
  mkdirSync(MARK);
}

/**
 * Starts moto. It accepts every key.
 * @param tls serves TLS with this certificate
 */
export async function startMoto(tls?: {
  certificateFile: string;
  keyFile: string;
}): Promise<S3Server> {
  const tlsArgs = tls ? ['-c', tls.certificateFile, '-k', tls.keyFile] : [];
  const server = await startServer({
    name: 'moto',
    prepare: (_dir, port) => ({
      command: PYTHON,
      args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', `${port}`, ...tlsArgs],
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
    }),
    ...(!tls && { isReady: async port => (await fetch(`http://127.0.0.1:${port}/moto-api/`)).ok }),
  });
  return s3Server(
    server,
    { accessKeyId: 'moto-access', secretAccessKey: 'moto-secret' },
    tls ? 'https' : 'http'
  );
}
