import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Listens, Server } from './server.ts';
import { startServer } from './server.ts';

const SSHD = '/usr/sbin/sshd';
export const SFTP_SERVER = '/usr/lib/openssh/sftp-server';

/** Why there is no OpenSSH server here; undefined: there is one. */
export const noSshd: string | undefined = existsSync(SSHD)
  ? undefined
  : `${SSHD} is missing: apt-get install openssh-server`;

export interface SshdOptions extends Listens {
  /** No shell and no other command, as on storage that offers only SFTP. */
  sftpOnly?: boolean;
  /** Options of sftp-server, e.g. `-R` (read-only) or `-P hardlink` (a server that has no hard links). */
  sftpOptions?: string;
  /** No SFTP at all. */
  noSftp?: boolean;
  /** The program instead of Debian's sftp-server, e.g. one with less rights. */
  sftpServer?: string;
  /** Further lines of sshd_config. */
  config?: string[];
  /** Types of host keys. Default: `ed25519`. */
  hostKeys?: ('ed25519' | 'ecdsa' | 'rsa')[];
}

export interface Sshd extends Server {
  username: string;
  /** What the users of the server may read: the private key that it lets in. */
  privateKey: string;
  /** Lines of known_hosts for its host keys. */
  knownHosts: string;
  /** A directory of the server for archives. */
  data: string;
  /** The Secret of a destination there. */
  secret: Record<string, string>;
}

/** Debian's OpenSSH server as the user of the tests, who is let in with a key. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const { sftpOnly = false, noSftp = false, sftpOptions = '', config = [] } = options;
  const { sftpServer = SFTP_SERVER, hostKeys = ['ed25519'] } = options;
  const server = await startServer({
    ...{ name: 'sshd', host: options.host },
    prepare(dir, port, address) {
      // Only root's sshd wants it; Debian makes it when its own service starts.
      if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
      mkdirSync(join(dir, 'data'));
      mkdirSync(join(dir, 'home'));
      chmodSync(dir, 0o700);
      for (const type of hostKeys) makeKey(join(dir, `host_${type}`), type);
      makeKey(join(dir, 'user'), 'ed25519');
      const sftp = sftpOnly ? 'internal-sftp' : sftpServer;
      writeFileSync(
        join(dir, 'sshd_config'),
        [
          ...config, // the first of two lines counts
          `Port ${port}`,
          `ListenAddress ${address}`,
          ...hostKeys.map(type => `HostKey ${join(dir, `host_${type}`)}`),
          'PidFile none',
          'UsePAM no',
          'StrictModes no',
          'PermitRootLogin prohibit-password',
          'PasswordAuthentication no',
          'KbdInteractiveAuthentication no',
          'PrintMotd no',
          'MaxStartups 100',
          // What the user of the tests has in ~/.bashrc would run before each command, and may take a second.
          `SetEnv HOME=${join(dir, 'home')}`,
          `AuthorizedKeysFile ${join(dir, 'user.pub')}`,
          ...(noSftp ? [] : [`Subsystem sftp ${sftp} ${sftpOptions}`]),
          ...(sftpOnly ? [`ForceCommand internal-sftp ${sftpOptions}`] : []),
          '',
        ].join('\n')
      );
      return { command: SSHD, args: ['-D', '-e', '-f', join(dir, 'sshd_config')] };
    },
  });
  const read = (name: string) => readFileSync(join(server.dir, name), 'utf8');
  const at = `[${server.host}]:${server.port}`;
  const { username } = userInfo();
  const privateKey = read('user');
  const knownHosts = hostKeys.map(type => `${at} ${read(`host_${type}.pub`)}`).join('');
  const data = join(server.dir, 'data');
  return {
    ...server,
    username,
    privateKey,
    knownHosts,
    data,
    secret: {
      host: server.host,
      port: String(server.port),
      username,
      privateKey,
      knownHosts,
      directory: data,
    },
  };
}

/** Makes `file` and `file.pub`. */
export function makeKey(file: string, type: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file], { stdio: 'pipe' });
}
