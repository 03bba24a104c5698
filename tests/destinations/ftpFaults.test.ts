import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockName } from '../../sidecar/src/destinations/common/temporary.ts';
import { keysOf } from '../../sidecar/src/destinations/destination.ts';
import { ftpDestination } from '../../sidecar/src/destinations/ftp/ftp.ts';
import { ftps } from '../../sidecar/src/destinations/ftp/kind.ts';
import { FtpKeys, FtpsKeys } from '../../sidecar/src/destinations/ftp/settings.ts';
import type { CertificateOptions } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { testCertificate } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { describeDestination } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import type { ScriptedFtp } from '../servers/scriptedFtp.ts';
import { startScriptedFtp } from '../servers/scriptedFtp.ts';
import type { VsftpdOptions } from '../servers/vsftpd.ts';
import { FTP_PASSWORD, FTP_USER, noVsftpd, startVsftpd } from '../servers/vsftpd.ts';

const MiB = 1024 * 1024;
const INSTALLATION = '0123456789abcdef';

interface Options {
  installation?: string;
  keys?: Record<string, string>;
  stallMs?: number;
}

/** A destination at a server. */
function at(
  { host, port }: { host: string; port: number },
  { installation = INSTALLATION, keys = {}, stallMs = 60_000 }: Options = {}
) {
  const workDir = mkdtempSync(join(tmpdir(), 'nkvm-ftp-work-'));
  const all = {
    ...{ host, port: String(port), username: FTP_USER, password: FTP_PASSWORD },
    ...keys,
  };
  const settings = keys.caBundle || keys.tls ? FtpsKeys.parse(all) : FtpKeys.parse(all);
  const context = { name: 'offsite', installation, workDir };
  const destination = ftpDestination(settings, context, { kind: 'ftp', stallMs });
  onTestFinished(async () => {
    await destination.close();
    rmSync(workDir, { recursive: true, force: true });
  });
  return destination;
}

async function scripted(options?: { features: string[] }): Promise<ScriptedFtp> {
  const server = await startScriptedFtp(options);
  onTestFinished(() => server.stop());
  return server;
}

const bodyOf = (contents: string) => Readable.from([Buffer.from(contents)]);
const big = (bytes: number) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes; at += MiB) yield Buffer.alloc(MiB, at / MiB);
    })()
  );

describe('a server with MLSD, HASH and AVBL', () => {
  describeDestination('ftp', async () => {
    const server = await scripted();
    const open = (installation?: string) => at(server, { ...(installation && { installation }) });
    return {
      destination: open(),
      restarted: () => open(),
      ofAnother: () => open('fedcba9876543210'),
    };
  });

  it('proves what it stores by a checksum of its own, and says how much room it has', async () => {
    const server = await scripted();
    const to = at(server);
    const staged = await to.stage('a.tar.gz', bodyOf('archive'));
    expect(await staged.confirm()).toEqual({
      level: 'checksum',
      by: 'SHA-256 of the server (HASH)',
    });
    expect(await to.freeBytes()).toBe(123456789);
  });

  it('that stores something else is found out', async () => {
    const server = await scripted();
    server.misdeeds = { changes: true };
    const staged = await at(server).stage('a.tar.gz', bodyOf('archive'));
    await expect(staged.confirm()).rejects.toMatchObject({
      stage: 'checksum',
      reason: 'DigestDiffers',
    });
  });

  it('says the time of a file to the second', async () => {
    const server = await scripted();
    server.files.set('a', Buffer.from('x'));
    expect(await at(server).stat('a')).toEqual({
      key: 'a',
      bytes: 1,
      modifiedAt: new Date('2026-11-26T21:30:00Z'),
    });
  });
});

describe('a server that lies or breaks', () => {
  it('stores less than it says: nothing is left', async () => {
    const server = await scripted({ features: [] });
    server.misdeeds = { keeps: 3 };
    await expect(at(server).stage('a.tar.gz', bodyOf('archive'))).rejects.toMatchObject({
      reason: 'DigestDiffers',
      message: expect.stringContaining('has 3 bytes; 7 were sent'),
    });
    expect([...server.files.keys()]).toEqual([]);
  });

  it('is full half-way: that is what one reads, and nothing is left', async () => {
    const server = await scripted();
    server.files.set('good.tar.gz', Buffer.from('good'));
    server.misdeeds = { fullAfter: 2 * MiB };
    await expect(at(server).stage('a.tar.gz', big(32 * MiB))).rejects.toMatchObject({
      stage: 'copy',
      reason: 'DestinationFull',
    });
    expect([...server.files.keys()]).toEqual(['good.tar.gz']);
  });

  it('is a server that hangs', async () => {
    const server = await scripted();
    server.misdeeds = { hangs: true };
    const body = big(64 * MiB);
    await expect(at(server, { stallMs: 300 }).stage('a.tar.gz', body)).rejects.toMatchObject({
      reason: 'DestinationStalled',
      class: 'transient',
    });
    expect(body.destroyed).toBe(true);
    expect([...server.files.keys()]).toEqual([]);
  });

  it('ends a listing early: nothing is concluded', async () => {
    const server = await scripted();
    for (const name of ['a', 'b', 'c']) server.files.set(name, Buffer.from(name));
    server.misdeeds = { endsListingAfter: 60 };
    const to = at(server);
    await expect(keysOf(to)).rejects.toMatchObject({ reason: 'ConnectionBroke' });
    await expect(to.sweep()).rejects.toMatchObject({ reason: 'ConnectionBroke' });
    server.misdeeds = {};
    expect(await keysOf(to)).toEqual(['a', 'b', 'c']);
  });

  it('loses the answer to a rename that worked: the archive is published', async () => {
    const server = await scripted();
    const to = at(server);
    const staged = await to.stage('a.tar.gz', bodyOf('archive'));
    server.misdeeds = { forgetsRename: true };
    await staged.publish();
    expect([...server.files.keys()]).toEqual(['a.tar.gz']);
    expect(await to.sweep()).toBe(1); // the lock
    expect([...server.directories]).toEqual([]);
  });

  it('repeats the password: nobody reads it', async () => {
    const server = await scripted();
    const error = await at(server, { keys: { password: 'wrong' } })
      .stat('a')
      .catch(each => each);
    expect(error).toMatchObject({ reason: 'LoginRefused' });
    expect(error.message).toContain('*** is ***');
  });
});

it('a lock of another process of this installation keeps the name, and is swept later', async () => {
  const server = await scripted();
  const to = at(server);
  const staged = await to.stage('a.tar.gz', bodyOf('archive'));
  const again = await to.stage('b.tar.gz', bodyOf('again'));
  const lock = lockName('0123456789abcdef', 'b.tar.gz');
  server.directories.add(lock);
  await expect(again.publish()).rejects.toMatchObject({
    reason: 'NameLocked',
    class: 'transient',
    hint: expect.stringContaining(lock),
  });
  await staged.publish();
  expect(await to.sweep()).toBe(1);
  expect([...server.directories]).toEqual([]);
});

describe.skipIf(noVsftpd)(`vsftpd${noVsftpd ? `: ${noVsftpd}` : ''}`, () => {
  async function vsftpd(options?: VsftpdOptions) {
    const server = await startVsftpd(options);
    onTestFinished(() => server.stop());
    return server;
  }
  const certificateOf = async (options?: CertificateOptions) => {
    const certificate = await testCertificate(options);
    onTestFinished(() => certificate.remove());
    return certificate;
  };

  it('refuses a wrong password', async () => {
    const to = at(await vsftpd(), { keys: { password: 'wr0ng-password' } });
    const error = await to.stage('a', bodyOf('x')).catch(each => each);
    expect(error).toMatchObject({ stage: 'copy', reason: 'LoginRefused', class: 'needs-action' });
    expect(`${error.message} ${error.hint}`).not.toContain('wr0ng-password');
  });

  it('has no such directory', async () => {
    const to = at(await vsftpd(), { keys: { directory: 'not/there' } });
    for (const call of [() => to.stat('a'), () => keysOf(to), () => to.sweep()])
      await expect(call()).rejects.toMatchObject({ reason: 'DirectoryMissing' });
  });

  it('deletes a lock that a killed process left, when it is old', async () => {
    const server = await vsftpd();
    const to = at(server, { keys: { directory: 'files' } });
    const lock = join(server.files, lockName('0123456789abcdef', 'a.tar.gz'));
    const publish = async () => (await to.stage('a.tar.gz', bodyOf('archive'))).publish();
    mkdirSync(lock);
    await expect(publish()).rejects.toMatchObject({ reason: 'NameLocked' });
    const before = new Date(Date.now() - 60 * 60_000);
    utimesSync(lock, before, before);
    await publish();
    expect(readdirSync(server.files)).toEqual(['a.tar.gz']);
    mkdirSync(lock);
    utimesSync(lock, before, before);
    await expect(publish()).rejects.toMatchObject({ reason: 'NameTaken' }); // never replaced
  });

  it('is read-only: archives stay, can be read, and nothing is left', async () => {
    const server = await vsftpd({ isReadOnly: true });
    writeFileSync(join(server.files, 'good'), 'good');
    const to = at(server, { keys: { directory: 'files' } });
    await expect(to.stage('a', bodyOf('x'))).rejects.toMatchObject({
      reason: 'DestinationReadOnly',
    });
    await expect(to.remove('good')).rejects.toMatchObject({ reason: 'DestinationReadOnly' });
    expect(await text(await to.open('good'))).toBe('good');
    expect(readdirSync(server.files)).toEqual(['good']);
  });

  it.each<[string, CertificateOptions, Record<string, string>, string]>([
    ['an expired certificate', { hasExpired: true }, {}, 'TlsExpired'],
    ['a certificate for another name', { subjects: 'DNS:other.example' }, {}, 'TlsNameDiffers'],
    ['a certificate of nobody', {}, { caBundle: '' }, 'TlsUntrusted'],
  ])('shows %s', async (_, options, more, reason) => {
    for (const kind of ['explicit', 'implicit'] as const) {
      const certificate = await certificateOf(options);
      const server = await vsftpd({ tls: { kind, certificate } });
      const keys: Record<string, string> = {
        tls: kind,
        caBundle: certificate.certificate,
        ...more,
      };
      if (keys.caBundle === '') delete keys.caBundle;
      await expect(at(server, { keys }).stat('a')).rejects.toMatchObject({ reason });
      const trusting = at(server, { keys: { ...keys, insecure: 'true', directory: 'files' } });
      await trusting.put('a', 'x');
      expect(await text(await trusting.open('a'))).toBe('x');
    }
  });

  it('demands encryption of a client that does not offer it', async () => {
    const server = await vsftpd({ tls: { kind: 'explicit', certificate: await certificateOf() } });
    await expect(at(server).stat('a')).rejects.toMatchObject({
      reason: 'LoginRefused',
      hint: expect.stringContaining('ftps'),
    });
  });

  it('takes one connection at a time: calls take turns', async () => {
    const server = await vsftpd({ more: ['max_clients=1'] });
    const to = at(server, { keys: { directory: 'files' } });
    await Promise.all(['a', 'b', 'c'].map(key => to.put(key, key)));
    expect(await keysOf(to)).toEqual(['a', 'b', 'c']);
  });

  it('is stopped half-way: what was there is untouched, nothing has the name, and a sweep cleans up', async () => {
    const server = await vsftpd();
    const keys = { directory: 'files' };
    const to = at(server, { keys });
    await to.put('good', 'good');
    const body = new PassThrough();
    const staging = to.stage('a.tar.gz', body);
    body.write(Buffer.alloc(4 * MiB), () => void killSessions(server.pid));
    body.write(Buffer.alloc(8 * MiB), () => body.end());
    await expect(staging).rejects.toMatchObject({ reason: 'ConnectionBroke', class: 'transient' });
    expect(body.destroyed).toBe(true);
    const next = at(server, { keys });
    expect(await keysOf(next)).toEqual(['good']);
    await next.sweep();
    expect(readdirSync(server.files)).toEqual(['good']);
    expect(readFileSync(join(server.files, 'good'), 'utf8')).toBe('good');
  });

  const noTmpfs = canMount() ? undefined : 'only root can mount a small disk';
  it.skipIf(noTmpfs)(`is full half-way${noTmpfs ? `: ${noTmpfs}` : ''}`, async () => {
    const server = await vsftpd();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', server.files]);
    onTestFinished(() => void execFileSync('umount', ['-l', server.files]));
    const to = at(server, { keys: { directory: 'files' } });
    await expect(to.stage('a.tar.gz', big(16 * MiB))).rejects.toMatchObject({
      reason: 'DestinationFull',
    });
    expect(readdirSync(server.files)).toEqual([]);
  });

  it('passes the steps of a check, each for itself', async () => {
    const certificate = await certificateOf();
    for (const tls of ['explicit', 'implicit'] as const) {
      const server = await vsftpd({ tls: { kind: tls, certificate } });
      const settings = FtpsKeys.parse({
        ...{ host: 'localhost', port: String(server.port), username: FTP_USER },
        ...{ password: FTP_PASSWORD, directory: 'files', tls, caBundle: certificate.certificate },
      });
      const seen = [];
      for (const { step, run } of ftps.probes(settings))
        seen.push([step, await run(AbortSignal.timeout(20_000))]);
      expect(seen).toEqual([
        ['resolve', expect.stringContaining('127.0.0.1')],
        ['connect', `localhost:${server.port}`],
        ['tls', expect.stringMatching(/^TLSv1\.\d, certificate of nkvm-test until/)],
        ['login', `${FTP_USER}, directory files`],
      ]);
      const wrong = ftps.probes({ ...settings, password: 'wr0ng-password' });
      await wrong[2]?.run(AbortSignal.timeout(20_000));
      await expect(wrong[3]?.run(AbortSignal.timeout(20_000))).rejects.toMatchObject({
        reason: 'LoginRefused',
      });
    }
  });
});

/** Ends the processes that serve connections, and leaves the one that listens. */
function killSessions(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  for (const child of children.split(' ').filter(Boolean)) process.kill(Number(child), 'SIGKILL');
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-mount-'));
  try {
    mkdirSync(join(dir, 'm'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', join(dir, 'm')], {
      stdio: 'ignore',
    });
    execFileSync('umount', [join(dir, 'm')]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
