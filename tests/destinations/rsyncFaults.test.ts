import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keysOf } from '../../sidecar/src/destinations/destination.ts';
import { rsync } from '../../sidecar/src/destinations/rsync/kind.ts';
import { rsyncDestination } from '../../sidecar/src/destinations/rsync/rsync.ts';
import { fingerprintOf } from '../../sidecar/src/destinations/ssh/knownHosts.ts';
import { startFaultyProxy } from '../servers/faultyProxy.ts';
import type { RsyncdOptions } from '../servers/rsyncd.ts';
import { noRsync, startRsyncd } from '../servers/rsyncd.ts';
import { noSshd, startSshd } from '../servers/sshd.ts';

const MiB = 1024 * 1024;
const bodyOf = (contents: string) => Readable.from([Buffer.from(contents)]);

function at(keys: Record<string, string>, { stallS = 60 } = {}) {
  const workDir = mkdtempSync(join(tmpdir(), 'nkvm-rsync-work-'));
  const context = { name: 'offsite', installation: '0123456789abcdef', workDir };
  const to = rsyncDestination(rsync.settings.parse(keys), context, { stallS });
  onTestFinished(async () => {
    await to.close();
    rmSync(workDir, { recursive: true, force: true });
  });
  return { to, workDir };
}

async function rsyncd(options?: RsyncdOptions) {
  const server = await startRsyncd(options);
  onTestFinished(() => server.stop());
  return server;
}

async function proxied(server: { port: number }) {
  const proxy = await startFaultyProxy({ to: { port: server.port } });
  onTestFinished(() => proxy.stop());
  return proxy;
}

describe.skipIf(noRsync)(`a daemon${noRsync ? `: ${noRsync}` : ''}`, () => {
  it('refuses a wrong password', async () => {
    const server = await rsyncd();
    const { to, workDir } = at({ ...server.secret(), password: 'wr0ng-password' });
    const error = await to.stage('a', bodyOf('x')).catch(each => each);
    expect(error).toMatchObject({ stage: 'copy', reason: 'LoginRefused', class: 'needs-action' });
    expect(`${error.message} ${error.cause}`).not.toContain('wr0ng-password');
    expect(readdirSync(workDir)).toEqual([]);
  });

  it('has no such module, or directory: it is never taken for an empty one', async () => {
    const server = await rsyncd();
    const wrong: Record<string, string>[] = [{ module: 'nothing' }, { directory: 'not/there' }];
    for (const keys of wrong) {
      const { to } = at({ ...server.secret(), ...keys });
      await expect(keysOf(to)).rejects.toMatchObject({ reason: 'DirectoryMissing' });
      await expect(to.stat('a')).rejects.toMatchObject({ reason: 'DirectoryMissing' });
    }
  });

  it('is read-only: archives stay and can be read', async () => {
    const server = await rsyncd({ isReadOnly: true });
    writeFileSync(join(server.files, 'good'), 'good');
    const { to } = at(server.secret());
    await expect(to.stage('a', bodyOf('x'))).rejects.toMatchObject({
      reason: 'DestinationReadOnly',
    });
    await expect(to.remove('good')).rejects.toMatchObject({ reason: 'DestinationReadOnly' });
    expect(await text(await to.open('good'))).toBe('good');
    expect(readdirSync(server.files)).toEqual(['good']);
  });

  it('that holds something else than was sent is found out', async () => {
    const server = await rsyncd();
    const { to } = at(server.secret());
    const staged = await to.stage('a.tar.gz', bodyOf('archive'));
    expect(await staged.confirm()).toMatchObject({ level: 'checksum' });
    const [temporary = ''] = readdirSync(server.files);
    writeFileSync(join(server.files, temporary, 'a.tar.gz'), 'ARCHIVE');
    await expect(staged.confirm()).rejects.toMatchObject({
      stage: 'checksum',
      reason: 'DigestDiffers',
    });
    writeFileSync(join(server.files, temporary, 'a.tar.gz'), 'arch');
    await expect(staged.confirm()).rejects.toMatchObject({ reason: 'DigestDiffers' });
  });

  it('deletes one name and nothing beside it, whatever is in the name', async () => {
    const server = await rsyncd();
    const names = ['a*', 'ab', 'a[b]', 'a?', 'größe 1', 'größe'];
    for (const name of names) writeFileSync(join(server.files, name), name);
    mkdirSync(join(server.files, 'sub'));
    writeFileSync(join(server.files, 'sub', 'a*'), 'kept');
    const { to } = at(server.secret());
    for (const name of ['a*', 'a[b]', 'größe 1']) await to.remove(name);
    expect(await keysOf(to)).toEqual(['a?', 'ab', 'größe']);
    expect(readFileSync(join(server.files, 'sub', 'a*'), 'utf8')).toBe('kept');
  });

  it('gives a part of an archive for little more than the part', async () => {
    const server = await rsyncd();
    const whole = Buffer.alloc(64 * MiB);
    for (let at = 0; at < whole.length; at += 4096) whole.writeUInt32LE(at, at);
    writeFileSync(join(server.files, 'a'), whole);
    const proxy = await proxied(server);
    const { to, workDir } = at({ ...server.secret(), port: String(proxy.port) });
    const range = { start: 60 * MiB, end: 61 * MiB - 1 };
    expect(
      (await buffer(await to.open('a', { range }))).equals(
        whole.subarray(range.start, range.end + 1)
      )
    ).toBe(true);
    expect(proxy.passed('down')).toBeLessThan(6 * MiB);
    expect(readdirSync(workDir)).toEqual([]);
  });

  it('is reset half-way: nothing has the name, what was there is untouched, and a sweep cleans up', async () => {
    const server = await rsyncd();
    const proxy = await proxied(server);
    const keys = { ...server.secret(), port: String(proxy.port) };
    const { to, workDir } = at(keys);
    await to.put('good', 'good');
    proxy.set({ kind: 'reset', afterBytes: 2 * MiB });
    await expect(
      to.stage('a.tar.gz', Readable.from([Buffer.alloc(16 * MiB, 1)]))
    ).rejects.toMatchObject({ reason: 'ConnectionBroke', class: 'transient' });
    proxy.set();
    const { to: next } = at(keys);
    expect(await keysOf(next)).toEqual(['good']);
    await next.sweep();
    expect(readdirSync(server.files)).toEqual(['good']);
    expect(readdirSync(workDir)).toEqual([]);
  });

  it('hangs: that has an end', async () => {
    const server = await rsyncd();
    const proxy = await proxied(server);
    const { to } = at({ ...server.secret(), port: String(proxy.port) }, { stallS: 1 });
    proxy.set({ kind: 'hang', afterBytes: MiB });
    await expect(
      to.stage('a.tar.gz', Readable.from([Buffer.alloc(16 * MiB, 1)]))
    ).rejects.toMatchObject({ reason: 'DestinationStalled', class: 'transient' });
  });

  it('ends a listing early: nothing is concluded', async () => {
    const server = await rsyncd();
    for (let number = 0; number < 2000; number += 1)
      writeFileSync(join(server.files, `a-name-that-is-long-enough-${number}`), '');
    const proxy = await proxied(server);
    const { to } = at({ ...server.secret(), port: String(proxy.port) });
    proxy.set({ kind: 'end', direction: 'down', afterBytes: 8_000 });
    await expect(keysOf(to)).rejects.toMatchObject({ reason: 'ConnectionBroke' });
    await expect(to.stat('b')).rejects.toMatchObject({ reason: 'ConnectionBroke' });
    proxy.set();
    expect(await keysOf(to)).toHaveLength(2000);
  });

  it('is refused where its address is one of cloud metadata', async () => {
    const { to } = at({ host: '169.254.169.254', module: 'x' });
    await expect(keysOf(to)).rejects.toMatchObject({ reason: 'AddressRefused' });
  });
});

it('fails before it begins when the work directory has no room', async () => {
  const { to } = at({ host: '127.0.0.1', port: '9', module: 'x' });
  await expect(to.stage('a', bodyOf('x'), { expectedBytes: 1e18 })).rejects.toMatchObject({
    reason: 'WorkDirectoryFull',
  });
});

const noSsh = noRsync ?? noSshd;
describe.skipIf(noSsh)(`over ssh${noSsh ? `: ${noSsh}` : ''}`, () => {
  it('knows the host key, by its line or by its fingerprint, and no other', async () => {
    const server = await startSshd();
    onTestFinished(() => server.stop());
    const key = server.knownHosts.trim().split(' ').slice(1, 3).join(' ');
    const print = fingerprintOf(Buffer.from(key.split(' ')[1] ?? '', 'base64'));
    for (const knownHosts of [server.knownHosts, key, print])
      expect(await keysOf(at({ ...server.secret, knownHosts }).to)).toEqual([]);
    await expect(keysOf(at({ ...server.secret, knownHosts: '' }).to)).rejects.toMatchObject({
      reason: 'HostKeyUnknown',
    });
    for (const knownHosts of [`@revoked ${print}`, `# not this one: ${print}`])
      await expect(keysOf(at({ ...server.secret, knownHosts }).to)).rejects.toMatchObject({
        reason: expect.stringMatching(/^HostKey/),
      });
    const other = await startSshd();
    onTestFinished(() => other.stop());
    const knownHosts = server.knownHosts.replace(`:${server.port}`, `:${other.port}`);
    const secret = { ...server.secret, port: String(other.port), knownHosts };
    await expect(keysOf(at(secret).to)).rejects.toMatchObject({ reason: 'HostKeyChanged' });
    const { privateKey } = server.secret;
    const wrong = at({ ...other.secret, ...(privateKey && { privateKey }) });
    await expect(keysOf(wrong.to)).rejects.toMatchObject({ reason: 'LoginRefused' });
    expect(readdirSync(wrong.workDir)).toEqual([]); // no key is left

    const seen = (keys: Record<string, string>) =>
      rsync
        .probes(rsync.settings.parse({ ...server.secret, ...keys }))
        .find(({ step }) => step === 'host-key')!
        .run(AbortSignal.timeout(20_000));
    expect(await seen({})).toBe(print);
    await expect(seen({ knownHosts: '' })).rejects.toMatchObject({
      reason: 'HostKeyUnknown',
      message: expect.stringContaining(print),
      hint: expect.stringContaining(key),
    });
  });
});
