import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { sshKeyPair } from '../../testing/destinations/sshKeyPair.ts';
import { SshSecret } from './settings.ts';

const sound = {
  host: 'nas.example',
  username: 'nkvm',
  password: 'geheim-7',
  directory: '/backups',
};
const faultsOf = (data: Record<string, string>) =>
  SshSecret.safeParse(data).error?.issues.map(
    ({ path, message }) => `${path.join('.')}: ${message}`
  );

describe('the Secret of sftp and scp', () => {
  it('has sensible defaults', () => {
    expect(SshSecret.parse(sound)).toEqual({
      ...sound,
      port: 22,
      knownHosts: [],
      insecure: false,
    });
  });

  it.each([
    ['/backups/', '/backups'],
    ['/', '/'],
    ['.', '.'],
    ['backups', './backups'],
    ['./a//b/', './a/b'],
    ['/srv/Größe "a" \'b\' $c', '/srv/Größe "a" \'b\' $c'],
    ['-rf', './-rf'],
  ])('takes the directory %j', (directory, expected) =>
    expect(SshSecret.parse({ ...sound, directory }).directory).toBe(expected)
  );

  it.each([
    ['directory', '', 'directory: must not be empty'],
    ['directory', '/backups/../etc', 'directory: must not have ".." in it'],
    ['directory', '..', 'directory: must not have ".." in it'],
    ['directory', '~/backups', 'directory: must not begin with "~"'],
    ['directory', '/a\nb', 'directory: must not have control characters'],
    ['host', 'nas.example:22', 'host: must be a name or an address'],
    ['host', '-oProxyCommand=x', 'host: must be a name or an address'],
    ['host', 'user@nas', 'host: must be a name or an address'],
    ['port', 'ssh', 'port: must be a number'],
    ['port', '70000', 'port: must be between 1 and 65535'],
    ['username', '', 'username: must not be empty'],
    ['knownHosts', 'yes', 'knownHosts: line 1 is neither'],
    ['insecure', 'yes', 'insecure: '],
    ['privateKey', 'geheim-7', 'privateKey: is not a private key that OpenSSH writes'],
    ['privateKey', 'ssh-ed25519 AAAA', 'privateKey: is a public key'],
    ['bucket', 'x', ': Unrecognized key: "bucket"'],
  ])('names what is wrong with %s %j', (key, value, fault) => {
    const faults = faultsOf({ ...sound, [key]: value });
    expect(faults).toEqual([expect.stringContaining(fault)]);
    expect(String(faults)).not.toContain('geheim-7');
  });

  it('needs a password or a key', () => {
    const { host, username, directory } = sound;
    expect(faultsOf({ host, username, directory })).toEqual(['privateKey: is needed, or password']);
  });

  it.each<[string, () => string, string | undefined]>([
    ['ed25519', () => openSsh('ed25519'), undefined],
    ['ecdsa', () => openSsh('ecdsa', { bits: 256 }), undefined],
    ['rsa', () => openSsh('rsa', { bits: 2048 }), undefined],
    ['ed25519 with a passphrase', () => openSsh('ed25519', locked), 'offen-9'],
    [
      'ed25519 with the line ends of Windows',
      () => openSsh('ed25519').replace(/\n/g, '\r\n'),
      undefined,
    ],
    ['ed25519 without the last line end', () => openSsh('ed25519').trim(), undefined],
    ['RSA in PKCS #8', () => pkcs8('rsa'), undefined],
    ['EC in PKCS #8', () => pkcs8('ec'), undefined],
    ['RSA in PKCS #8 with a passphrase', () => pkcs8('rsa', 'offen-9'), 'offen-9'],
  ])('takes a private key: %s', (_, make, passphrase) => {
    const data = { ...sound, privateKey: make(), ...(passphrase && { passphrase }) };
    const { privateKey = '' } = SshSecret.parse(data);
    expect(ssh2.utils.parseKey(privateKey, passphrase)).not.toBeInstanceOf(Error);
  });

  it.each([
    [undefined, 'privateKey: is encrypted, and there is no passphrase'],
    ['falsch-8', 'privateKey: does not open with this passphrase'],
  ])('says that a private key does not open with %s', (passphrase, fault) => {
    const privateKey = openSsh('ed25519', locked);
    const faults = faultsOf({ ...sound, privateKey, ...(passphrase && { passphrase }) });
    expect(faults).toEqual([fault]);
  });
});

const locked = { passphrase: 'offen-9', cipher: 'aes256-ctr', rounds: 1 };

const openSsh = (...of: Parameters<typeof sshKeyPair>): string => sshKeyPair(...of).private;

function pkcs8(type: 'rsa' | 'ec', passphrase?: string): string {
  const pair =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return pair.privateKey
    .export({
      type: 'pkcs8',
      format: 'pem',
      ...(passphrase && { passphrase, cipher: 'aes-256-cbc' }),
    })
    .toString();
}
