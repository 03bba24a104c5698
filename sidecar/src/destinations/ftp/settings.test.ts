import { describe, expect, it } from 'vitest';
import { ftp, ftps } from './kind.ts';
import { FtpKeys, FtpsKeys, locationOf } from './settings.ts';

const keys = { host: 'nas.example', username: 'nkvm', password: 'secret' };

describe('the settings of a Secret', () => {
  it('need a host and a login', () => {
    expect(FtpKeys.parse(keys)).toEqual({ ...keys, port: 21, directory: '.', tls: 'none' });
    expect(FtpsKeys.parse(keys)).toMatchObject({ port: 21, tls: 'explicit' });
    expect(FtpsKeys.parse({ ...keys, tls: 'implicit' })).toMatchObject({ port: 990 });
    expect(FtpKeys.parse({ ...keys, tls: 'explicit' })).toMatchObject({
      port: 21,
      tls: 'explicit',
    });
  });

  it('lose the end of a line that an editor put there', () => {
    const parsed = FtpKeys.parse({ ...keys, password: 'secret\n', directory: '/backups/\n' });
    expect(parsed).toMatchObject({ password: 'secret', directory: '/backups' });
  });

  it.each([
    ['port', '70000'],
    ['port', 'ftp'],
    ['host', 'ftp://nas.example'],
    ['host', 'nas.example:21'],
    ['password', 'two\nlines'],
    ['username', ''],
    ['directory', 'a\r\nDELE b'],
    ['tls', 'yes'],
    ['caBundle', 'not PEM'],
    ['insecure', '1'],
    ['colour', 'red'],
  ])('are refused with %s %j, and the value is not shown', (key, value) => {
    const { error } = FtpsKeys.safeParse({ ...keys, [key]: value });
    expect(error?.issues).toHaveLength(1);
    expect(JSON.stringify(error?.issues)).toContain(key);
    if (value.length > 3)
      expect(JSON.stringify(error?.issues)).not.toContain(JSON.stringify(value));
  });

  it('of ftp without TLS have no use for what belongs to it', () => {
    expect(FtpKeys.safeParse({ ...keys, insecure: 'true' }).success).toBe(false);
  });

  it('are marked insecure without TLS, or when the certificate is not checked', () => {
    expect(ftp.isInsecure(FtpKeys.parse(keys))).toBe(true);
    expect(ftp.isInsecure(FtpKeys.parse({ ...keys, tls: 'explicit' }))).toBe(false);
    expect(ftps.isInsecure(FtpsKeys.parse(keys))).toBe(false);
    expect(ftps.isInsecure(FtpsKeys.parse({ ...keys, insecure: 'true' }))).toBe(true);
  });
});

it.each([
  [{}, 'ftp://nkvm@nas.example:21/ with TLS'],
  [{ tls: 'implicit', directory: 'a' }, 'ftps://nkvm@nas.example:990/a'],
  [
    { host: '[fd00::1]', port: '2121', directory: '/a/b' },
    'ftp://nkvm@[fd00::1]:2121//a/b with TLS',
  ],
])('the location of %j is %s', (more, location) => {
  expect(locationOf(FtpsKeys.parse({ ...keys, ...more }))).toBe(location);
});
