import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HostKeyVerdict } from './knownHosts.ts';
import { fingerprintOf, hostKeyVerdict, knownHostsLine, parseKnownHosts } from './knownHosts.ts';

/** @returns a key that no other name has, in the form of SSH. */
function keyOf(name: string, type = 'ssh-ed25519'): Buffer {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return Buffer.concat([
    field(Buffer.from(type)),
    field(createHash('sha256').update(name).digest()),
  ]);
}

const ours = keyOf('ours');
const other = keyOf('other');
const rsa = keyOf('rsa', 'ssh-rsa');
const line = (hosts: string, key: Buffer, type = 'ssh-ed25519') =>
  `${hosts} ${type} ${key.toString('base64')} a comment`;

describe('a host key', () => {
  it.each<[string, string, HostKeyVerdict]>([
    ['its line', line('nas.example', ours), 'known'],
    [
      'its line among others',
      `# hosts\n\n${line('x', other)}\n${line('y,nas.example', ours)}`,
      'known',
    ],
    ['another key of the same type', line('nas.example', other), 'changed'],
    ['a key of another type alone', line('nas.example', rsa, 'ssh-rsa'), 'changed'],
    ['both types', `${line('nas.example', rsa, 'ssh-rsa')}\n${line('nas.example', ours)}`, 'known'],
    ['another host alone', line('other.example', ours), 'unknown'],
    ['no line', '', 'unknown'],
    ['a pattern', line('*.example', ours), 'known'],
    ['a pattern with one character', line('na?.example', ours), 'known'],
    ['a pattern that it is exempt from', line('*.example,!nas.example', ours), 'unknown'],
    ['a dot that is not any character', line('nasxexample', ours), 'unknown'],
    ['capital letters', line('NAS.Example', ours), 'known'],
    ['another port', line('[nas.example]:2222', other), 'unknown'],
    ['its public key alone', `ssh-ed25519 ${ours.toString('base64')} root@nas`, 'known'],
    ['its fingerprint', fingerprintOf(ours), 'known'],
    [
      'its fingerprint, as ssh-keygen shows it',
      `256 ${fingerprintOf(ours)} nas (ED25519)`,
      'known',
    ],
    ['another fingerprint', fingerprintOf(other), 'changed'],
    ['two fingerprints', `${fingerprintOf(other)}\r\n${fingerprintOf(ours)}\r\n`, 'known'],
    ['a line that revokes it', `@revoked ${line('*', ours)}`, 'revoked'],
    ['both', `${line('nas.example', ours)}\n@revoked ${line('*', ours)}`, 'revoked'],
    ['a line that revokes another', `@revoked ${line('nas.example', other)}`, 'unknown'],
    ['an authority, which is passed over', `@cert-authority ${line('*', ours)}`, 'unknown'],
  ])('is compared with %s', (_, text, verdict) => {
    const shown = { host: 'nas.example', port: 22, key: ours };
    expect(hostKeyVerdict(parseKnownHosts(text), shown)).toBe(verdict);
  });

  it.each<[string, string, HostKeyVerdict]>([
    ['the line of this port', line('[nas.example]:2222', ours), 'known'],
    ['another key for this port', line('[nas.example]:2222', other), 'changed'],
    ['its key without a port', line('nas.example', ours), 'known'],
    ['another key without a port', line('nas.example', other), 'unknown'],
  ])('on another port is compared with %s', (_, text, verdict) => {
    const shown = { host: 'nas.example', port: 2222, key: ours };
    expect(hostKeyVerdict(parseKnownHosts(text), shown)).toBe(verdict);
  });

  it.each([22, 2222])('is found in a line that ssh-keygen has hashed, port %i', port => {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-known-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, 'known_hosts');
    const shown = { host: 'nas.example', port, key: ours };
    writeFileSync(file, `${knownHostsLine(shown)}\n`);
    try {
      execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'pipe' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return; // no OpenSSH here
    }
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^\|1\|/);
    expect(hostKeyVerdict(parseKnownHosts(text), shown)).toBe('known');
    expect(hostKeyVerdict(parseKnownHosts(text), { ...shown, key: other })).toBe('changed');
    expect(hostKeyVerdict(parseKnownHosts(text), { ...shown, host: 'x' })).toBe('unknown');
  });

  it.each([
    ['text', 'yes'],
    ['a key that is cut', 'nas.example ssh-ed25519 AAAAC3Nz'],
    ['a key of another type than it says', line('nas.example', ours, 'ssh-rsa')],
    ['a fingerprint of MD5', 'MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48'],
  ])('is not read from %s', (_, text) =>
    expect(() => parseKnownHosts(`\n${text}`)).toThrow(/^line 2 is neither/)
  );
});
