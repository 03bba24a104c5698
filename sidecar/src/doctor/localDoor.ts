import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import http from 'node:http';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DoctorReport } from '../../api/index.ts';
import { codeOf } from '../files.ts';

/**
 * The way from `nkvm doctor` to the process: a socket in a directory that only its user may enter. A user who can open it can
 * also read the archives, so that it asks for no token. It is no network address: nothing but a process beside it reaches it.
 */
export interface LocalDoor {
  close(): Promise<void>;
}

/** @returns the path of the socket of the process that has this history. Sockets need a local file system, and short paths. */
export function socketPath(metadataDbPath: string): string {
  const which = createHash('sha256').update(metadataDbPath).digest('hex').slice(0, 16);
  return join(tmpdir(), `nkvm-${userInfo().uid}-${which}`, 'doctor.sock');
}

/** @throws Error when the directory is another person's, or another process answers there */
export async function openLocalDoor(
  path: string,
  report: () => Promise<DoctorReport>
): Promise<LocalDoor> {
  const dir = dirname(path);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  await assertOurs(dir);
  if (await isAnswered(path)) throw new Error(`another process of NKVM answers at ${path}`);
  await rm(path, { force: true }); // of a process that was killed
  const server = http.createServer((_request, response) => {
    void report().then(one => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(one));
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/**
 * @returns the report of the process that listens at `path`
 * @throws Error when there is none, or it does not answer in time
 */
export async function askLocalDoor(path: string, limitMs: number): Promise<DoctorReport> {
  await assertOurs(dirname(path));
  const signal = AbortSignal.timeout(limitMs);
  const request = http.get({ socketPath: path, path: '/', signal });
  try {
    const [response] = (await once(request, 'response', { signal })) as [http.IncomingMessage];
    return DoctorReport.parse(JSON.parse(await text(response)));
  } catch (error) {
    throw signal.aborted ? new Error(`no answer within ${limitMs / 1000} s`) : error;
  }
}

/** In a directory for all, somebody else may have made it before. */
async function assertOurs(dir: string): Promise<void> {
  const { uid } = userInfo();
  const found = await lstat(dir);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
    throw new Error(`${dir} is not a directory of user ${uid} alone; delete it`);
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if (!['ENOENT', 'ECONNREFUSED'].includes(codeOf(error) ?? '')) throw error;
    return false;
  } finally {
    socket.destroy();
  }
}
