import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestCertificate } from '../../../sidecar/src/testing/cluster/testCertificates.ts';
import { RESTIC, resticMissing } from '../../servers/restic.ts';
import { noRsync, startRsyncd } from '../../servers/rsyncd.ts';
import { noSshd, startSshd } from '../../servers/sshd.ts';
import { startVersitygw, versitygwMissing } from '../../servers/versitygw.ts';
import { FTP_PASSWORD, FTP_USER, noVsftpd, startVsftpd } from '../../servers/vsftpd.ts';
import { HOST_FOR_PODS as host } from './reachable.ts';

/** A server with room for archives. */
export interface Started {
  /** The data of the Secret, all text. */
  secret: Record<string, string>;
  /** Where archives are plain files, on this machine. */
  files?: string;
  stop(): Promise<void>;
}

/** A destination that a pod is to use. */
export interface PlaceOfTest {
  /** Also of the Secret and of the claim. */
  name: string;
  /** What the label says. */
  kind: string;
  /** Why there can be no server; undefined: there can. */
  missing: string | undefined;
  /** Starts its real server where pods reach it. @param certificate of that address */
  start(certificate: TestCertificate): Promise<Started>;
}

/** A directory of the volume that is mounted into the pod. */
export const DIRECTORY_IN_POD = '/var/lib/nkvm/second';

const PASSWORD_OF_REPOSITORY = 'correct horse battery staple';

/** One of each kind, and of each way that a kind has. */
export const PLACES: readonly PlaceOfTest[] = [
  {
    ...{ name: 'directory', kind: 'directory', missing: undefined },
    start: async () => ({ secret: { path: DIRECTORY_IN_POD }, stop: async () => undefined }),
  },
  { name: 's3', kind: 's3', missing: versitygwMissing, start: s3 },
  { name: 'sftp', kind: 'sftp', missing: noSshd, start: ssh },
  { name: 'scp', kind: 'scp', missing: noSshd, start: ssh },
  { name: 'ftp', kind: 'ftp', missing: noVsftpd, start: () => ftp() },
  { name: 'ftps', kind: 'ftps', missing: noVsftpd, start: certificate => ftp(certificate) },
  { name: 'rsync', kind: 'rsync', missing: noRsync, start: rsync },
  { name: 'rsync-ssh', kind: 'rsync', missing: noSshd ?? noRsync, start: ssh },
  { name: 'restic', kind: 'restic', missing: resticMissing ?? versitygwMissing, start: restic },
];

async function s3(tls: TestCertificate): Promise<Started> {
  const server = await startVersitygw({ host, tls });
  const bucket = await server.makeBucket();
  return {
    secret: { ...server.settings(bucket), caBundle: tls.certificate },
    files: join(server.files, bucket),
    stop: () => server.stop(),
  };
}

export async function ssh(): Promise<Started> {
  const server = await startSshd({ host });
  return { secret: server.secret, files: server.data, stop: () => server.stop() };
}

async function ftp(certificate?: TestCertificate): Promise<Started> {
  const server = await startVsftpd({
    host,
    ...(certificate && { tls: { kind: 'explicit', certificate } }),
  });
  return {
    secret: {
      ...{ host, port: String(server.port), directory: 'files' },
      ...{ username: FTP_USER, password: FTP_PASSWORD },
      ...(certificate && { caBundle: certificate.certificate }),
    },
    files: server.files,
    stop: () => server.stop(),
  };
}

async function rsync(): Promise<Started> {
  const server = await startRsyncd({ host });
  return { secret: server.secret(), files: server.files, stop: () => server.stop() };
}

/** A repository in S3, as it is made by hand. */
async function restic(tls: TestCertificate): Promise<Started> {
  const server = await startVersitygw({ host, tls });
  const bucket = await server.makeBucket();
  const repository = `s3:${server.endpoint}/${bucket}/nkvm`;
  const cache = join(server.dir, 'cache');
  mkdirSync(cache);
  execFileSync(RESTIC, ['init', '--quiet', '--cacert', tls.certificateFile], {
    stdio: 'pipe',
    env: {
      ...process.env,
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD: PASSWORD_OF_REPOSITORY,
      RESTIC_CACHE_DIR: cache,
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    },
  });
  return {
    secret: {
      ...{ repository, password: PASSWORD_OF_REPOSITORY, caBundle: tls.certificate },
      ...{ accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
    },
    stop: () => server.stop(),
  };
}
