import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { TestCertificate } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { hasProgram } from './program.ts';
import type { Listens, Server } from './server.ts';
import { startServer } from './server.ts';

export const FTP_USER = 'anonymous';
export const FTP_PASSWORD = 's3cret-of-ftp';

const VSFTPD = '/usr/sbin/vsftpd';

/** Why tests with vsftpd cannot run here; undefined: they can. */
export const noVsftpd = hasProgram(VSFTPD) ? undefined : 'there is no vsftpd (Debian: vsftpd)';

export interface VsftpdOptions extends Listens {
  /** With it, the server demands TLS, and that data connections resume the session of the control connection. */
  tls?: { kind: 'explicit' | 'implicit'; certificate: TestCertificate } | undefined;
  isReadOnly?: boolean;
  /** More lines of its configuration. */
  more?: string[];
}

export interface Vsftpd extends Server {
  /** The directory that clients see as files/, on this machine. */
  files: string;
}

/**
 * Starts Debian's vsftpd as the user of the tests, without root: it then knows only the anonymous user, who needs the
 * password of a list.
 */
export async function startVsftpd(options: VsftpdOptions = {}): Promise<Vsftpd> {
  const server = await startServer({
    ...{ name: 'vsftpd', host: options.host },
    prepare(dir, port, address) {
      mkdirSync(join(dir, 'files'));
      mkdirSync(join(dir, 'nothing'), { mode: 0o555 });
      writeFileSync(join(dir, 'passwords'), `${FTP_PASSWORD}\n`);
      writeFileSync(
        join(dir, 'vsftpd.conf'),
        `${configOf(dir, { address, port }, options).join('\n')}\n`,
        {
          mode: 0o600,
        }
      );
      return { command: VSFTPD, args: [join(dir, 'vsftpd.conf')] };
    },
  });
  return { ...server, files: join(server.dir, 'files') };
}

function configOf(
  dir: string,
  { address, port }: { address: string; port: number },
  { tls, isReadOnly = false, more = [] }: VsftpdOptions
): string[] {
  return [
    ...['listen=YES', `listen_address=${address}`, `listen_port=${port}`, 'background=NO'],
    ...['run_as_launching_user=YES', 'seccomp_sandbox=NO', 'isolate=NO', 'isolate_network=NO'],
    ...['anonymous_enable=YES', 'local_enable=NO', `ftp_username=${userInfo().username}`],
    ...['secure_email_list_enable=YES', `email_password_file=${join(dir, 'passwords')}`],
    `secure_chroot_dir=${join(dir, 'nothing')}`, // Debian's is below /run, which a boot empties
    ...[`anon_root=${dir}`, 'allow_writeable_chroot=YES', 'anon_world_readable_only=NO'],
    ...[`write_enable=${isReadOnly ? 'NO' : 'YES'}`, 'anon_upload_enable=YES', 'anon_umask=077'],
    ...['anon_mkdir_write_enable=YES', 'anon_other_write_enable=YES'],
    ...(tls
      ? [
          ...['ssl_enable=YES', 'allow_anon_ssl=YES', 'require_ssl_reuse=YES'],
          ...['force_anon_logins_ssl=YES', 'force_anon_data_ssl=YES'],
          `implicit_ssl=${tls.kind === 'implicit' ? 'YES' : 'NO'}`,
          `rsa_cert_file=${tls.certificate.certificateFile}`,
          `rsa_private_key_file=${tls.certificate.keyFile}`,
        ]
      : []),
    ...more,
  ];
}
