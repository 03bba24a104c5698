import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noSshd, startSshd } from '../../servers/sshd.ts';
import type { Command, Contest } from './contest.ts';

/** @returns why it cannot be held, or the contest with OpenSSH's own `sftp`. */
export const sftpContest = (): Promise<Contest | string> => sshContest('sftp');

/** @returns the same with `scp`, by the protocol of scp. */
export const scpContest = (): Promise<Contest | string> => sshContest('scp');

async function sshContest(client: 'sftp' | 'scp'): Promise<Contest | string> {
  if (noSshd) return noSshd;
  const server = await startSshd();
  const known = join(server.dir, 'known_hosts');
  writeFileSync(known, server.knownHosts);
  const options = [
    ...['-o', `UserKnownHostsFile=${known}`, '-o', `Port=${server.port}`, '-o', 'BatchMode=yes'],
    ...['-i', join(server.dir, 'user')],
  ];
  const at = `${server.username}@127.0.0.1`;
  const path = (key: string) => join(server.data, key);
  /** A batch of `sftp` is a file, or its standard input. */
  const sftp = (batch: string): Command => ({
    command: 'sh',
    args: ['-c', `echo '${batch}' | sftp -q -b - "$@"`, 'sh', ...options, at],
  });
  const scp = (from: string, to: string): Command => ({
    command: 'scp',
    args: ['-O', '-q', ...options, from, to],
  });
  return {
    settings: server.secret,
    native: client,
    store: (file, key) =>
      client === 'sftp' ? sftp(`put ${file} ${path(key)}`) : scp(file, `${at}:${path(key)}`),
    read: key =>
      client === 'sftp'
        ? sftp(`get ${path(key)} /dev/null`)
        : scp(`${at}:${path(key)}`, '/dev/null'),
    stop: () => server.stop(),
  };
}
