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
  const local = join(server.dir, 'archive');
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
  const store = (file: string, key: string): Command =>
    client === 'sftp' ? sftp(`put ${file} ${path(key)}`) : scp(file, `${at}:${path(key)}`);
  const sum = (key: string): Command => ({
    command: 'ssh',
    args: [...options, at, `openssl dgst -sha256 ${path(key)}`],
  });
  return {
    settings: server.secret,
    native: client,
    store,
    read: key =>
      client === 'sftp'
        ? sftp(`get ${path(key)} /dev/null`)
        : scp(`${at}:${path(key)}`, '/dev/null'),
    proof: 'SHA-256 computed on the server',
    storeAndProve: (file, key) => [store(file, key), sum(key)],
    readAndHash: key => {
      const { command, args } =
        client === 'sftp' ? sftp(`get ${path(key)} ${local}`) : scp(`${at}:${path(key)}`, local);
      return {
        command: 'sh',
        args: ['-c', `"$@" && openssl dgst -sha256 ${local}`, 'sh', command, ...args],
      };
    },
    stop: () => server.stop(),
  };
}
