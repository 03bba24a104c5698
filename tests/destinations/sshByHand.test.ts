import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scp } from '../../sidecar/src/destinations/ssh/scpKind.ts';
import { sftp } from '../../sidecar/src/destinations/ssh/sftpKind.ts';
import type { Sshd } from '../servers/sshd.ts';
import { noSshd, startSshd } from '../servers/sshd.ts';

const DOCS = join(import.meta.dirname, '../../docs/destinations');
const KEY = 'kind__shop__orders-db__20261120T101112Z__01m8c24ncky7jjtqsz2hmc0f6y.tar.gz';

/** @returns the commands that the page shows for a machine without NKVM, for this server. */
function commandsOf(page: string, server: Sshd): string {
  const text = readFileSync(join(DOCS, page), 'utf8');
  const [, commands = ''] = /## Without NKVM.*?```sh\n(.*?)```/s.exec(text) ?? [];
  return commands
    .replace('nkvm@', `${server.username}@`)
    .replace('DIRECTORY=/srv/backups', `DIRECTORY=${server.data}`)
    .replace(/^archive=.*$/m, `archive=${KEY}`);
}

/** @returns a directory with `ssh`, `sftp` and `scp` that find the server under its name in the page. */
function clientsFor(server: Sshd, dir: string): string {
  const clients = join(dir, 'bin');
  mkdirSync(clients);
  const config = [
    'Host nas.example.com',
    'HostName 127.0.0.1',
    `HostKeyAlias [127.0.0.1]:${server.port}`,
    `Port ${server.port}`,
    `IdentityFile ${join(server.dir, 'user')}`,
    `UserKnownHostsFile ${join(dir, 'known_hosts')}`,
    'BatchMode yes',
  ];
  writeFileSync(join(dir, 'config'), `${config.join('\n')}\n`);
  writeFileSync(join(dir, 'known_hosts'), server.knownHosts);
  for (const name of ['ssh', 'sftp', 'scp']) {
    const script = `#!/bin/sh\nexec /usr/bin/${name} -F ${join(dir, 'config')} "$@"\n`;
    writeFileSync(join(clients, name), script, { mode: 0o755 });
  }
  return clients;
}

describe.skipIf(noSshd)(
  'an archive is fetched and opened with native tools alone, as its page says',
  () => {
    it.each([
      ['sftp.md', sftp, { sftpOnly: true }],
      ['scp.md', scp, { noSftp: true }],
    ] as const)('%s', async (page, kind, options) => {
      const server = await startSshd(options);
      onTestFinished(() => server.stop());
      const dir = mkdtempSync(join(tmpdir(), 'nkvm-by-hand-'));
      onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
      mkdirSync(join(dir, 'volume'));
      const contents = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 31) % 251));
      writeFileSync(join(dir, 'volume/größe.bin'), contents);
      const archive = execFileSync('tar', ['-czf', '-', '-C', join(dir, 'volume'), '.']);

      const settings = kind.settings.parse(server.secret);
      const context = { name: 'offsite', installation: '0123456789abcdef', workDir: '/nowhere' };
      const destination = kind.open(settings, context);
      onTestFinished(() => destination.close());
      await (await destination.stage(KEY, Readable.from([archive]))).publish();
      const sha256 = createHash('sha256').update(archive).digest('hex');
      await destination.put(`${KEY}.json`, JSON.stringify({ sha256 }, null, 2));

      const output = execFileSync('bash', ['-euo', 'pipefail', '-c', commandsOf(page, server)], {
        cwd: dir,
        env: { ...process.env, PATH: `${clientsFor(server, dir)}:${process.env.PATH}` },
        encoding: 'utf8',
      });
      expect(output).toContain(`${KEY}: OK`);
      expect(readFileSync(join(dir, KEY)).equals(archive)).toBe(true);
      expect(readFileSync(join(dir, 'restored/größe.bin')).equals(contents)).toBe(true);
    });
  }
);
