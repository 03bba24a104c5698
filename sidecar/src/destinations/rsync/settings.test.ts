import { describe, expect, it } from 'vitest';
import { rsync } from './kind.ts';
import { locationOf, RsyncKeys } from './settings.ts';

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----';
const daemon = { host: 'nas', module: 'backups', username: 'nkvm', password: 'secret' };
const ssh = { host: 'nas', username: 'nkvm', privateKey: KEY, directory: '/srv/backups' };

describe('the settings of a Secret', () => {
  it('mean a daemon where there is a module, and SSH where there is none', () => {
    expect(RsyncKeys.parse(daemon)).toMatchObject({ way: 'daemon', port: 873, directory: '.' });
    expect(RsyncKeys.parse({ host: 'nas', module: 'x' })).toMatchObject({ way: 'daemon' });
    expect(RsyncKeys.parse({ ...ssh, knownHosts: '# none yet' })).toMatchObject({
      ...{ way: 'ssh', port: 22, insecure: false, privateKey: `${KEY}\n` },
    });
  });

  it.each<[Record<string, string>, string]>([
    [{ ...daemon, privateKey: KEY }, 'module'],
    [{ ...daemon, insecure: 'true' }, 'module'],
    [{ host: 'nas', module: 'x', username: 'nkvm' }, 'password'],
    [{ ...ssh, password: 'secret' }, 'password'],
    [{ host: 'nas', username: 'nkvm' }, 'privateKey'],
    [{ host: 'nas', privateKey: KEY }, 'username'],
    [{ ...ssh, privateKey: 'ssh-ed25519 AAAA' }, 'privateKey'],
    [{ ...ssh, directory: '/srv/../etc' }, 'directory'],
    [{ ...ssh, directory: '-e sh' }, 'directory'],
    [{ ...ssh, directory: '/srv/*' }, 'directory'],
    [{ ...ssh, username: '-oProxyCommand=x' }, 'username'],
    [{ ...ssh, username: 'a@b' }, 'username'],
    [{ ...ssh, host: '-oProxyCommand=x' }, 'host'],
    [{ ...ssh, port: '0' }, 'port'],
    [{ ...ssh, knownHosts: 'nas ssh-ed25519 AAAA' }, 'knownHosts'],
    [{ ...ssh, colour: 'red' }, 'colour'],
  ])('%j are refused for %s', (keys, key) => {
    const { error } = RsyncKeys.safeParse(keys);
    expect(JSON.stringify(error?.issues)).toContain(key);
    expect(JSON.stringify(error?.issues)).not.toMatch(/"secret"|BEGIN OPENSSH/);
  });

  it('are marked insecure for a daemon, or where any host key is accepted', () => {
    expect(rsync.isInsecure(RsyncKeys.parse(daemon))).toBe(true);
    expect(rsync.isInsecure(RsyncKeys.parse(ssh))).toBe(false);
    expect(rsync.isInsecure(RsyncKeys.parse({ ...ssh, insecure: 'true' }))).toBe(true);
  });
});

it.each([
  [daemon, 'rsync://nkvm@nas:873/backups'],
  [{ ...daemon, directory: '/a/b/' }, 'rsync://nkvm@nas:873/backups/a/b'],
  [ssh, 'nkvm@nas:/srv/backups'],
  [{ ...ssh, port: '2222', host: '[fd00::1]' }, 'nkvm@[fd00::1]:/srv/backups (port 2222)'],
])('the location of %j is %s', (keys, location) => {
  expect(locationOf(RsyncKeys.parse(keys))).toBe(location);
});
