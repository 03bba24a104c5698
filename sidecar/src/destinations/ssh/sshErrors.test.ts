import { describe, expect, it } from 'vitest';
import { atStage, loginError, sshLocation } from './sshErrors.ts';

const place = { place: 'sftp://nkvm@nas:22/b', host: 'nas', port: 22, username: 'nkvm' };
const failed = (message: string, more: object = {}) => Object.assign(new Error(message), more);

describe('a login that fails', () => {
  it.each<[string, Error, string]>([
    [
      'LoginRefused',
      failed('All configured authentication methods failed', { level: 'client-authentication' }),
      'it takes publickey',
    ],
    ['LoginRefused', failed('Too many authentication failures', { code: 2 }), 'login of nkvm'],
    [
      'TooManyConnections',
      failed('Connection lost before handshake', { level: 'protocol' }),
      'nas:22',
    ],
    ['TooManyConnections', failed('too many', { code: 12 }), 'nas:22'],
    [
      'SshNotAgreed',
      failed('Handshake failed: no matching key exchange algorithm', { level: 'handshake' }),
      'no matching',
    ],
    [
      'ConnectionTimedOut',
      failed('Timed out while waiting for handshake', { level: 'client-timeout' }),
      'nas:22',
    ],
    ['ConnectionBroke', failed('reset', { level: 'client-socket', code: 'ECONNRESET' }), 'nas:22'],
  ])('is %s for %s', (reason, error, message) => {
    const told = loginError(error, place, 'copy', ['publickey']);
    expect(told).toMatchObject({
      stage: 'copy',
      reason,
      message: expect.stringContaining(message),
    });
  });
});

it('tells the same problem at another stage', () => {
  const error = loginError(failed('x', { code: 12 }), place, 'copy', []);
  expect(atStage(error, 'copy')).toBe(error);
  expect(atStage(error, 'publish')).toMatchObject({ stage: 'publish', reason: error.reason });
});

it.each([
  ['nas', '/backups', 'sftp://nkvm@nas:22/backups'],
  ['nas', './backups', 'sftp://nkvm@nas:22/./backups'],
  ['nas', '.', 'sftp://nkvm@nas:22/.'],
  ['fd00::1', '/', 'sftp://nkvm@[fd00::1]:22/'],
])('says where %s %s is', (host, directory, expected) =>
  expect(sshLocation('sftp', { ...place, host, directory })).toBe(expected)
);
