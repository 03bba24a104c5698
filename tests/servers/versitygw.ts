import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { go } from '../cluster/machine/go.ts';
import { CACHE } from '../cluster/machine/paths.ts';
import { isOnPath, run, say } from '../cluster/machine/run.ts';
import type { S3Login, S3Server } from './s3Server.ts';
import { REGION, s3Server } from './s3Server.ts';
import type { Listens } from './server.ts';
import { startServer } from './server.ts';

const VERSION = 'v1.8.0';
const HOME = join(CACHE, `versitygw-${VERSION}`);

/** The program, which may be missing. */
const VERSITYGW = join(HOME, 'versitygw');

/** Undefined: versitygw can be started. Else why not, for a test that is skipped. */
export const versitygwMissing = existsSync(VERSITYGW)
  ? undefined
  : 'versitygw is not built: npm run servers (Go)';

/** Compiles versitygw, an S3 server over plain files: two minutes on two cores. */
export async function buildVersitygw(): Promise<void> {
  if (existsSync(VERSITYGW)) return;
  if (!isOnPath('go')) return say('versitygw is not built: there is no go');
  say(`building versitygw ${VERSION} in ${HOME}: two minutes the first time`);
  mkdirSync(HOME, { recursive: true });
  await go(
    'install',
    ['-ldflags', '-s -w', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`],
    {
      cwd: HOME,
      env: { ...process.env, GOBIN: HOME, CGO_ENABLED: '0' },
    }
  );
}

export interface VersitygwServer extends S3Server {
  /** The directory below which each bucket is a directory, and each object a file. */
  readonly files: string;
  /** Makes an account without rights. */
  makeUser(login: S3Login): void;
  /** Gives an account another secret. */
  changeSecret(login: S3Login): void;
}

export interface VersitygwOptions extends Listens {
  /** Serves TLS with this certificate. */
  tls?: { certificateFile: string; keyFile: string };
  /** Where the objects are kept. Default: below its own directory. */
  files?: string;
}

const ROOT: S3Login = { accessKeyId: 'versity-access', secretAccessKey: 'versity-secret' };

/** Starts versitygw. It has one account, which may do everything. */
export async function startVersitygw({
  host,
  tls,
  files,
}: VersitygwOptions = {}): Promise<VersitygwServer> {
  const server = await startServer({
    ...{ name: 'versitygw', host },
    prepare(dir, port, address) {
      const [data, iam] = [files ?? join(dir, 'data'), join(dir, 'iam')];
      for (const made of [data, iam, join(dir, 'versions')]) mkdirSync(made, { recursive: true });
      return {
        command: VERSITYGW,
        args: [
          ...['--access', ROOT.accessKeyId, '--secret', ROOT.secretAccessKey],
          ...['--port', `${address}:${port}`, '--region', REGION, '--iam-dir', iam, '--quiet'],
          ...(tls ? ['--cert', tls.certificateFile, '--key', tls.keyFile] : []),
          ...['posix', '--versioning-dir', join(dir, 'versions'), data],
        ],
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
      };
    },
  });
  const s3 = s3Server(server, ROOT, tls ? 'https' : 'http');
  const admin = [
    ...['admin', '--access', ROOT.accessKeyId, '--secret', ROOT.secretAccessKey],
    ...['--endpoint-url', s3.endpoint, '--region', REGION],
  ];
  return {
    ...s3,
    files: files ?? join(server.dir, 'data'),
    makeUser({ accessKeyId, secretAccessKey }) {
      const user = ['--access', accessKeyId, '--secret', secretAccessKey, '--role', 'user'];
      run(VERSITYGW, [...admin, 'create-user', ...user]);
    },
    changeSecret({ accessKeyId, secretAccessKey }) {
      const user = ['--access', accessKeyId, '--secret', secretAccessKey];
      run(VERSITYGW, [...admin, 'update-user', ...user]);
    },
  };
}
