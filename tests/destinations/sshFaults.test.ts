import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { lockName } from '../../sidecar/src/destinations/common/temporary.ts';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { keysOf } from '../../sidecar/src/destinations/destination.ts';
import type { SshLimits } from '../../sidecar/src/destinations/ssh/connection.ts';
import { LIMITS } from '../../sidecar/src/destinations/ssh/connection.ts';
import { scpDestination } from '../../sidecar/src/destinations/ssh/scp.ts';
import { SshSecret } from '../../sidecar/src/destinations/ssh/settings.ts';
import { sftpDestination } from '../../sidecar/src/destinations/ssh/sftp.ts';
import type { FaultyProxy } from '../servers/faultyProxy.ts';
import { startFaultyProxy } from '../servers/faultyProxy.ts';
import type { Sshd, SshdOptions } from '../servers/sshd.ts';
import { noSshd, SFTP_SERVER, startSshd } from '../servers/sshd.ts';

const MiB = 1024 * 1024;
const KEY = 'kind__shop__orders-db__20261120T101112Z__01k0example.tar.gz';
const HASTY: SshLimits = { connectMs: 5_000, stallMs: 2_500, idleMs: 30_000 };

const kinds = { sftp: sftpDestination, scp: scpDestination };
type KindName = keyof typeof kinds;

function open(
  kind: KindName,
  secret: Record<string, string>,
  { limits = LIMITS, installation = '0123456789abcdef' } = {}
): Destination {
  const settings = SshSecret.parse(secret);
  const location = `${kind}://nkvm@127.0.0.1${settings.directory}`;
  const destination = kinds[kind](settings, { id: 'offsite', installation, location, limits });
  onTestFinished(() => destination.close());
  return destination;
}

const start = async (options?: SshdOptions): Promise<Sshd> => {
  const server = await startSshd(options);
  onTestFinished(() => server.stop());
  return server;
};

const body = (bytes: number) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes; at += 64 * 1024)
        yield Buffer.alloc(Math.min(64 * 1024, bytes - at), at / 1024);
    })()
  );

describe.skipIf(noSshd).each(Object.keys(kinds) as KindName[])('%s', kind => {
  let server: Sshd;
  let proxy: FaultyProxy;
  beforeAll(async () => {
    server = await startSshd();
    proxy = await startFaultyProxy({ to: { port: server.port } });
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });

  /** @returns the destination behind a network that can fail, and its directory on the server. */
  function behindProxy(limits?: SshLimits) {
    proxy.set();
    const directory = mkdtempSync(join(server.data, 'faults-'));
    const knownHosts = server.knownHosts.replaceAll(`:${server.port} `, `:${proxy.port} `);
    const secret = { ...server.secret, directory, knownHosts, port: String(proxy.port) };
    return { directory, destination: open(kind, secret, { ...(limits && { limits }) }) };
  }

  describe('a network', () => {
    it.each(['reset', 'end'] as const)(
      'that breaks half-way (%s) leaves nothing, and what comes next works',
      async fault => {
        const { directory, destination } = behindProxy();
        await destination.put('good.json', '{}');
        proxy.set({ kind: fault, afterBytes: MiB });
        const staging = destination.stage(KEY, body(8 * MiB));
        staging.catch(() => undefined);
        await proxy.happened();
        proxy.set();
        await expect(staging).rejects.toMatchObject({
          stage: 'copy',
          reason: 'ConnectionBroke',
          class: 'transient',
        });
        expect(readdirSync(directory)).toEqual(['good.json']);
        const staged = await destination.stage(KEY, body(MiB));
        await staged.publish();
        expect(await keysOf(destination)).toEqual(['good.json', KEY].sort());
      }
    );

    it('that hangs is given up, and so is a reader', async () => {
      const { destination } = behindProxy(HASTY);
      await (await destination.stage('old.tar.gz', body(8 * MiB))).publish();
      proxy.set({ kind: 'hang', afterBytes: 1 });
      await expect(destination.stage(KEY, body(8 * MiB))).rejects.toMatchObject({
        stage: 'copy',
        reason: 'DestinationStalled',
        class: 'transient',
      });
      proxy.set();
      const read = await destination.open('old.tar.gz');
      proxy.set({ kind: 'hang', direction: 'down', afterBytes: MiB });
      await expect(buffer(read)).rejects.toMatchObject({ reason: 'DestinationStalled' });
    });

    it('that crawls is not given up', async () => {
      const { destination } = behindProxy(HASTY);
      await destination.freeBytes();
      proxy.set({ kind: 'crawl', bytesPerSecond: 150 * 1024 });
      const staged = await destination.stage(KEY, body(400 * 1024));
      proxy.set();
      await staged.publish();
      expect(
        (await buffer(await destination.open(KEY))).equals(await buffer(body(400 * 1024)))
      ).toBe(true);
    });

    it('that changes a bit is found out', async () => {
      const { directory, destination } = behindProxy();
      await destination.freeBytes();
      proxy.set({ kind: 'corrupt', afterBytes: MiB });
      await expect(destination.stage(KEY, body(4 * MiB))).rejects.toMatchObject({ stage: 'copy' });
      expect(readdirSync(directory)).toEqual([]);
    });

    it('carries many calls on one connection', async () => {
      const { destination } = behindProxy();
      const before = proxy.connections();
      await Promise.all(['a', 'b', 'c', 'd', 'e'].map(key => destination.put(key, key)));
      expect(await keysOf(destination)).toHaveLength(5);
      expect(proxy.connections() - before).toBe(1);
    });

    it('whose connection was cut while nobody used it is used again', async () => {
      const { destination } = behindProxy();
      await destination.put('a', 'a');
      proxy.resetAll();
      await destination.put('b', 'b').catch(() => undefined);
      expect(await destination.stat('a')).toMatchObject({ bytes: 1 });
    });
  });

  describe('a server', () => {
    it('that is killed half-way leaves nothing that can be found', async () => {
      const killed = await startSshd();
      const destination = open(kind, killed.secret);
      await destination.freeBytes();
      let sent = 0;
      const endless = new Readable({
        read() {
          sent += 1;
          if (sent === 64) void killed.stop();
          this.push(Buffer.alloc(64 * 1024));
        },
      });
      await expect(destination.stage(KEY, endless)).rejects.toMatchObject({
        stage: 'copy',
        class: 'transient',
      });
      expect(endless.destroyed).toBe(true);
      await expect(destination.stat(KEY)).rejects.toMatchObject({ reason: 'ConnectionRefused' });
    });

    it.each([
      ['has fewer bytes', (file: string) => truncateSync(file, 100)],
      ['has other bytes', (file: string) => writeFileSync(file, Buffer.alloc(MiB, 'x'))],
    ])('that acknowledges and %s is found out', async (_, change) => {
      const directory = mkdtempSync(join(server.data, 'lies-'));
      const destination = open(kind, { ...server.secret, directory });
      const staged = await destination.stage(KEY, body(MiB));
      change(join(directory, readdirSync(directory)[0]!));
      await expect(staged.confirm()).rejects.toMatchObject({
        stage: 'checksum',
        reason: 'DigestDiffers',
      });
    });

    it('computes a checksum of what it holds', async () => {
      const directory = mkdtempSync(join(server.data, 'sum-'));
      const staged = await open(kind, { ...server.secret, directory }).stage(KEY, body(MiB));
      expect(await staged.confirm()).toMatchObject({ level: 'checksum' });
      await staged.publish();
      expect(await staged.confirm()).toMatchObject({ level: 'checksum' });
    });

    it('with a file that is cut while it is read is found out', async () => {
      const directory = mkdtempSync(join(server.data, 'cut-'));
      const destination = open(kind, { ...server.secret, directory });
      await (await destination.stage(KEY, body(32 * MiB))).publish();
      const read = await destination.open(KEY);
      const first = read[Symbol.asyncIterator]();
      await first.next();
      truncateSync(join(directory, KEY), 16 * MiB);
      const rest = async () => {
        while (!(await first.next()).done);
      };
      await expect(rest()).rejects.toMatchObject({ reason: 'ReadEndedEarly', stage: 'checksum' });
    });

    it('without the directory is no empty one', async () => {
      const secret = { ...server.secret, directory: join(server.data, 'not-there') };
      const destination = open(kind, secret);
      const missing = { reason: 'DirectoryMissing', class: 'needs-action' };
      await expect(destination.stat(KEY)).rejects.toMatchObject({ ...missing, stage: 'checksum' });
      await expect(keysOf(destination)).rejects.toMatchObject(missing);
      await expect(destination.stage(KEY, body(10))).rejects.toMatchObject({
        ...missing,
        stage: 'copy',
      });
      await expect(destination.put('a', 'a')).rejects.toMatchObject({
        ...missing,
        stage: 'publish',
      });
      await expect(destination.remove(KEY)).rejects.toMatchObject({ ...missing, stage: 'cleanup' });
      await expect(destination.open(KEY)).rejects.toMatchObject(missing);
    });

    it.skipIf(process.getuid?.() !== 0)(
      'whose disk is full says so, and keeps nothing',
      async () => {
        const directory = join(server.data, 'full');
        mkdirSync(directory);
        try {
          execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'nkvm-full', directory]);
        } catch {
          return; // no mounts in this container
        }
        onTestFinished(() => void execFileSync('umount', ['-l', directory]));
        const destination = open(kind, { ...server.secret, directory });
        await destination.put('good.json', '{}');
        await expect(destination.stage(KEY, body(8 * MiB))).rejects.toMatchObject({
          stage: 'copy',
          reason: 'DestinationFull',
          class: 'needs-action',
        });
        expect(readdirSync(directory)).toEqual(['good.json']);
      }
    );
  });

  it('never touches the temporaries of another installation, nor other files', async () => {
    const directory = mkdtempSync(join(server.data, 'sweep-'));
    for (const name of ['.hidden', '.tmp-nkvm-x', 'notes.txt'])
      writeFileSync(join(directory, name), '');
    const secret = { ...server.secret, directory };
    await open(kind, secret, { installation: 'another' }).stage(KEY, body(10));
    await open(kind, secret).stage(KEY, body(10));
    const before = readdirSync(directory).length;
    expect(await open(kind, secret).sweep()).toBe(1);
    expect(readdirSync(directory)).toHaveLength(before - 1);
    expect(await open(kind, secret, { installation: 'another' }).sweep()).toBe(1);
    expect(readdirSync(directory)).toEqual(['.hidden', '.tmp-nkvm-x', 'notes.txt']);
  });
});

describe.skipIf(noSshd)('a server of SFTP', () => {
  it('that offers no SFTP is told so', async () => {
    const server = await start({ noSftp: true });
    await expect(open('sftp', server.secret).freeBytes()).rejects.toMatchObject({
      reason: 'SftpMissing',
      class: 'needs-action',
    });
  });

  it('that is read-only says so, and can be read', async () => {
    const server = await start({ sftpOptions: '-R' });
    writeFileSync(join(server.data, 'old.json'), '{}');
    const destination = open('sftp', server.secret);
    await expect(destination.stage(KEY, body(10))).rejects.toMatchObject({
      stage: 'copy',
      reason: 'DestinationReadOnly',
      class: 'needs-action',
    });
    await expect(destination.remove('old.json')).rejects.toMatchObject({
      stage: 'cleanup',
      reason: 'DestinationReadOnly',
    });
    expect(await keysOf(destination)).toEqual(['old.json']);
  });

  it('with a limit on the size of files is not called full', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-limit-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const sftpServer = join(dir, 'sftp-server');
    const script = `#!/bin/sh\ntrap '' XFSZ\nulimit -f 2048\nexec ${SFTP_SERVER}\n`;
    writeFileSync(sftpServer, script, { mode: 0o755 });
    const server = await start({ sftpServer });
    const destination = open('sftp', server.secret);
    await expect(destination.stage(KEY, body(8 * MiB))).rejects.toMatchObject({
      stage: 'copy',
      reason: 'WriteRefused',
      message: expect.stringContaining('are free'),
    });
    expect(readdirSync(server.data)).toEqual([]);
  });

  it('proves the size alone where there is no shell', async () => {
    const server = await start({ sftpOnly: true });
    const staged = await open('sftp', server.secret).stage(KEY, body(MiB));
    expect(await staged.confirm()).toMatchObject({ level: 'size' });
    truncateSync(join(server.data, readdirSync(server.data)[0]!), 100);
    await expect(staged.confirm()).rejects.toMatchObject({ reason: 'DigestDiffers' });
  });
});

describe.skipIf(noSshd)('a server that exchanges keys again and again', () => {
  it.each(Object.keys(kinds) as KindName[])('gets and gives whole archives by %s', async kind => {
    const server = await start({ config: ['RekeyLimit 1M'] });
    const destination = open(kind, server.secret);
    const staged = await destination.stage(KEY, body(6 * MiB));
    expect(await staged.confirm()).toMatchObject({ level: 'checksum' });
    await staged.publish();
    const back = await buffer(await destination.open(KEY));
    expect(back.equals(await buffer(body(6 * MiB)))).toBe(true);
  });
});

describe.skipIf(noSshd)('a server with or without commands', () => {
  it('is told apart, with what to do', async () => {
    const server = await start({ sftpOnly: true });
    const destination = open('scp', server.secret);
    const missing = { reason: 'ShellMissing', class: 'needs-action' };
    await expect(destination.stat(KEY)).rejects.toMatchObject(missing);
    await expect(keysOf(destination)).rejects.toMatchObject(missing);
    await expect(destination.stage(KEY, body(MiB))).rejects.toMatchObject(missing);
    await expect(destination.open(KEY)).rejects.toMatchObject(missing);
  });

  it('that stores less than it is sent is found out', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-liar-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    // a `cat` that takes everything and keeps the beginning
    const liar = '#!/bin/sh\n/usr/bin/head -c 1000\n/usr/bin/cat >/dev/null\n';
    writeFileSync(join(dir, 'cat'), liar, { mode: 0o755 });
    const server = await start({ config: [`SetEnv PATH=${dir}:/usr/bin:/bin`] });
    await expect(open('scp', server.secret).stage(KEY, body(MiB))).rejects.toMatchObject({
      stage: 'copy',
      reason: 'StoredDiffers',
    });
    expect(readdirSync(server.data)).toEqual([]);
  });
});

describe.skipIf(noSshd)('sftp without hard links', () => {
  it('deletes a lock that a killed process left, when it is old', async () => {
    const server = await start({ sftpOnly: true, sftpOptions: '-P hardlink' });
    const directory = mkdtempSync(join(server.data, 'locked-'));
    const to = open('sftp', { ...server.secret, directory });
    const lock = join(directory, lockName('0123456789abcdef', KEY));
    const publish = async () => (await to.stage(KEY, body(100))).publish();
    writeFileSync(lock, '');
    await expect(publish()).rejects.toMatchObject({ reason: 'NameLocked', class: 'transient' });
    const before = new Date(Date.now() - 60 * 60_000);
    utimesSync(lock, before, before);
    await publish();
    expect(readdirSync(directory)).toEqual([KEY]);
  });
});
