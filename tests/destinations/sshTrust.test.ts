import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hostKeyVerdict, parseKnownHosts } from '../../sidecar/src/destinations/ssh/knownHosts.ts';
import { sftp } from '../../sidecar/src/destinations/ssh/sftpKind.ts';
import type { PasswordSshOptions } from '../servers/passwordSsh.ts';
import { startPasswordSsh } from '../servers/passwordSsh.ts';
import type { Sshd } from '../servers/sshd.ts';
import { makeKey, noSshd, startSshd } from '../servers/sshd.ts';

function open(secret: Record<string, string>) {
  const context = { name: 'offsite', installation: '0123456789abcdef', workDir: '/nowhere' };
  const destination = sftp.open(sftp.settings.parse(secret), context);
  onTestFinished(() => destination.close());
  return destination;
}

const probe = async (secret: Record<string, string>, step: string) =>
  await sftp
    .probes(sftp.settings.parse(secret))
    .find(one => one.step === step)!
    .run(AbortSignal.timeout(30_000));

const without = (secret: Record<string, string>) =>
  Object.fromEntries(Object.entries(secret).filter(([key]) => key !== 'knownHosts'));

/** @returns a private key that no server lets in, and its public key. */
function newKey(type = 'ed25519') {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-key-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  makeKey(join(dir, 'key'), type);
  return {
    privateKey: readFileSync(join(dir, 'key'), 'utf8'),
    publicKey: readFileSync(join(dir, 'key.pub'), 'utf8').trim(),
  };
}

describe.skipIf(noSshd)('a server of SSH', () => {
  let server: Sshd;
  beforeAll(async () => {
    server = await startSshd({ hostKeys: ['ed25519', 'ecdsa', 'rsa'] });
  });
  afterAll(() => server?.stop());

  it('is not trusted at first contact: its key is shown, with the line to add', async () => {
    const refusal = await open(without(server.secret))
      .freeBytes()
      .catch(error => error);
    expect(refusal).toMatchObject({
      reason: 'HostKeyUnknown',
      class: 'needs-action',
      hostKey: { fingerprint: expect.stringMatching(/^SHA256:/) },
    });
    const { knownHosts } = refusal.hostKey;
    expect(refusal.hint).toContain(knownHosts);
    expect(server.knownHosts).toContain(knownHosts);
    expect(await open({ ...server.secret, knownHosts }).freeBytes()).toBeGreaterThan(0);
    const { fingerprint } = refusal.hostKey;
    expect(await open({ ...server.secret, knownHosts: fingerprint }).freeBytes()).toBeGreaterThan(
      0
    );
  });

  it('whose key has changed gets nothing, no name and no password', async () => {
    const knownHosts = `[127.0.0.1]:${server.port} ${newKey().publicKey}`;
    const before = server.output().length;
    const secret = { ...server.secret, knownHosts, password: 'geheim-7' };
    await expect(open(secret).freeBytes()).rejects.toMatchObject({
      reason: 'HostKeyChanged',
      class: 'needs-action',
      message: expect.stringContaining('Nothing was sent'),
      hostKey: { knownHosts: expect.stringContaining('ssh-ed25519') },
    });
    expect(server.output().slice(before)).not.toMatch(/Accepted|Failed|ing user/);
  });

  it('whose key is revoked gets nothing', async () => {
    const knownHosts = server.knownHosts.replace(/^/gm, '@revoked ').replace(/@revoked $/, '');
    await expect(open({ ...server.secret, knownHosts }).freeBytes()).rejects.toMatchObject({
      reason: 'HostKeyRevoked',
    });
  });

  it.each(['ed25519', 'ecdsa', 'rsa'])('is known by its %s key alone', async type => {
    const line = server.knownHosts.split('\n').find(one => one.includes(type))!;
    expect(await open({ ...server.secret, knownHosts: line }).freeBytes()).toBeGreaterThan(0);
    const [known] = parseKnownHosts(line);
    const { fingerprint = '' } = known ?? {};
    expect(await open({ ...server.secret, knownHosts: fingerprint }).freeBytes()).toBeGreaterThan(
      0
    );
  });

  it('is taken as it is with insecure', async () => {
    const secret = { ...without(server.secret), insecure: 'true' };
    expect(await open(secret).freeBytes()).toBeGreaterThan(0);
    expect(await probe(secret, 'host-key')).toContain('insecure');
    expect(sftp.isInsecure(sftp.settings.parse(secret))).toBe(true);
  });

  it.each(['ed25519', 'ecdsa', 'rsa'])('refuses an %s key that it does not know', async type => {
    const { privateKey } = newKey(type);
    await expect(open({ ...server.secret, privateKey }).freeBytes()).rejects.toMatchObject({
      reason: 'LoginRefused',
      class: 'needs-action',
      message: expect.stringContaining('publickey'),
    });
  });

  it('is looked at step by step', async () => {
    const { secret } = server;
    expect(await probe(secret, 'resolve')).toBe('127.0.0.1');
    expect(await probe(secret, 'connect')).toBe(`127.0.0.1:${server.port}`);
    expect(await probe(secret, 'host-key')).toMatch(/^ssh-ed25519 SHA256:\S+, known$/);
    expect(await probe(secret, 'login')).toMatch(
      /by publickey; SFTP with fsync, hardlink, statvfs; computes SHA-256$/
    );
    await expect(probe(without(secret), 'host-key')).rejects.toMatchObject({
      reason: 'HostKeyUnknown',
    });
    const { privateKey } = newKey();
    expect(await probe({ ...secret, privateKey }, 'host-key')).toContain('known');
    await expect(probe({ ...secret, privateKey }, 'login')).rejects.toMatchObject({
      reason: 'LoginRefused',
    });
  });

  it('is not asked at an address where clouds give out credentials', async () => {
    await expect(
      open({ ...server.secret, host: '169.254.169.254' }).freeBytes()
    ).rejects.toMatchObject({ reason: 'AddressRefused' });
  });

  it('that does not listen is named', async () => {
    await expect(open({ ...server.secret, port: '1' }).freeBytes()).rejects.toMatchObject({
      reason: 'ConnectionRefused',
    });
  });

  it('shows a key that is the one of its line', () => {
    const [line = ''] = server.knownHosts.split('\n');
    const key = Buffer.from(line.split(' ')[2] ?? '', 'base64');
    const shown = { host: '127.0.0.1', port: server.port, key };
    expect(hostKeyVerdict(parseKnownHosts(server.knownHosts), shown)).toBe('known');
  });
});

describe.skipIf(noSshd)('a password', () => {
  const password = `geheim-${randomUUID()}`;
  async function start(options: Partial<PasswordSshOptions> = {}) {
    const server = await startPasswordSsh({
      username: 'nkvm',
      password,
      methods: ['password'],
      ...options,
    });
    onTestFinished(() => server.stop());
    const directory = mkdtempSync(join(tmpdir(), 'nkvm-password-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const secret = {
      host: '127.0.0.1',
      port: String(server.port),
      username: 'nkvm',
      password,
      knownHosts: server.knownHosts,
      directory,
    };
    return { server, secret };
  }

  it.each<[string, PasswordSshOptions['methods'], string]>([
    ['password', ['password'], 'password'],
    ['keyboard-interactive', ['keyboard-interactive'], 'keyboard-interactive'],
    ['both', ['password', 'keyboard-interactive'], 'password'],
  ])('is given once to a server that takes %s', async (_, methods, method) => {
    const { server, secret } = await start({ methods });
    expect(await open(secret).freeBytes()).toBeGreaterThan(0);
    expect(server.tried).toEqual([`${method}:${password}`]);
  });

  it.each<[PasswordSshOptions['methods']]>([
    [['password', 'keyboard-interactive']],
    [['keyboard-interactive']],
  ])('that is wrong is tried once, and is in no message (%s)', async methods => {
    const { server, secret } = await start({ methods });
    const refusal = await open({ ...secret, password: 'falsch-8' })
      .freeBytes()
      .catch(error => error);
    expect(refusal).toMatchObject({ reason: 'LoginRefused', stage: 'copy' });
    expect(server.tried).toEqual([`${methods[0]}:falsch-8`]);
    expect(`${refusal.message} ${refusal.hint} ${refusal.stack}`).not.toContain('falsch-8');
  });

  it('is not given before the server is known', async () => {
    const { server, secret } = await start();
    await expect(open(without(secret)).freeBytes()).rejects.toMatchObject({
      reason: 'HostKeyUnknown',
    });
    expect(server.tried).toEqual([]);
  });

  it('is given after a key, where a server wants both', async () => {
    const { server, secret } = await start({ alsoKey: true });
    const { privateKey } = newKey();
    expect(await open({ ...secret, privateKey }).freeBytes()).toBeGreaterThan(0);
    expect(server.tried).toEqual(['publickey', `password:${password}`]);
  });
});

describe.skipIf(noSshd)('a server that limits sessions on a connection', () => {
  const start = async (maxSessions: number) => {
    const server = await startSshd({ config: [`MaxSessions ${maxSessions}`] });
    onTestFinished(() => server.stop());
    return open(server.secret);
  };

  it('to one is used with one', async () => {
    const destination = await start(1);
    await Promise.all(['a', 'b', 'c'].map(key => destination.put(key, key)));
    expect(await destination.stat('c')).toMatchObject({ bytes: 1 });
  });

  it('to none is named', async () => {
    await expect((await start(0)).freeBytes()).rejects.toMatchObject({
      reason: 'TooManySessions',
      class: 'needs-action',
    });
  });
});
