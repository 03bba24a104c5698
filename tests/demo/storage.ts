import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DESTINATION_LABEL, NKVM_NAMESPACE } from '../../sidecar/api/names.ts';
import type { Draft } from '../playground/store/object.ts';
import type { Server } from '../servers/server.ts';
import { startServer } from '../servers/server.ts';
import { startSftpServer } from './sftpServer.ts';

/** Storage outside of the cluster, on this machine. */
export interface Storage {
  /** The Secrets that make destinations of it. */
  secrets: Draft[];
  stop(): Promise<void>;
}

const BUCKET = 'backups';
/** The one person that s3rver knows. */
const S3_LOGIN = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
const SFTP_LOGIN = { username: 'backup', password: 'demo' };

/** Starts an S3 server and an SFTP server on 127.0.0.1. What is stored there goes with them. */
export async function startStorage(): Promise<Storage> {
  const s3 = await startS3rver();
  const directory = mkdtempSync(join(tmpdir(), 'demo-sftp-'));
  mkdirSync(join(directory, 'archives'));
  const sftp = await startSftpServer(directory, SFTP_LOGIN);
  return {
    secrets: [
      secret('bucket', 's3', {
        endpoint: `http://127.0.0.1:${s3.port}`,
        region: 'us-east-1',
        bucket: BUCKET,
        forcePathStyle: 'true',
        ...S3_LOGIN,
      }),
      secret('file-server', 'sftp', {
        host: '127.0.0.1',
        port: `${sftp.port}`,
        directory: '/archives',
        knownHosts: sftp.knownHosts,
        ...SFTP_LOGIN,
      }),
    ],
    async stop() {
      await sftp.close();
      await s3.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const secret = (name: string, kind: string, data: Record<string, string>): Draft => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: NKVM_NAMESPACE, labels: { [DESTINATION_LABEL]: kind } },
  type: 'Opaque',
  data: Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  ),
});

/** s3rver encrypts the cursors of its lists with DES, which OpenSSL has in its legacy provider. */
async function startS3rver(): Promise<Server> {
  const home = dirname(createRequire(import.meta.url).resolve('s3rver/package.json'));
  const [legacy, program] = ['--openssl-legacy-provider', join(home, 'bin/s3rver.js')];
  return await startServer({
    name: 's3rver',
    prepare: (dir, port) => {
      const where = ['--directory', dir, '--address', '127.0.0.1', '--port', `${port}`];
      const bucket = ['--configure-bucket', BUCKET];
      return {
        command: process.execPath,
        args: [legacy, program, ...where, ...bucket, '--silent'],
      };
    },
  });
}
