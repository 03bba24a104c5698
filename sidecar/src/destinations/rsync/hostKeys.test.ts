import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { fingerprintOf } from '../ssh/knownHosts.ts';
import { hasFingerprints, knownHostsFile } from './hostKeys.ts';

function keyOf(name: string): string {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const key = Buffer.concat([
    field(Buffer.from('ssh-ed25519')),
    field(createHash('sha256').update(name).digest()),
  ]);
  return `ssh-ed25519 ${key.toString('base64')}`;
}
const ours = keyOf('ours');
const other = keyOf('other');
const print = (key: string) => fingerprintOf(Buffer.from(key.split(' ')[1] ?? '', 'base64'));

const linesOf = (knownHosts: string, port = 22): string[] =>
  knownHostsFile(knownHosts, { host: 'nas', port }, [ours, other])
    .split('\n')
    .filter(line => line !== '');

it.each<[string, string, string[], number?]>([
  ['its line', `nas ${ours}`, [`nas ${ours}`]],
  ['its public key alone', `${ours} root@nas`, [`nas ${ours} root@nas`]],
  ['its fingerprint', print(ours), [`nas ${ours}`]],
  ['its fingerprint, at another port', print(ours), [`[nas]:2222 ${ours}`], 2222],
  ['a line without the port', `nas ${ours}`, [`nas ${ours}`, `[nas]:2222 ${ours}`], 2222],
  ['a revoked fingerprint', `@revoked ${print(ours)}`, [`@revoked nas ${ours}`]],
  ['a revoked key', `@revoked ${ours}`, [`@revoked nas ${ours}`]],
  [
    'a line that revokes it without the port',
    `@revoked nas ${ours}`,
    [`@revoked nas ${ours}`, `@revoked [nas]:2222 ${ours}`],
    2222,
  ],
  ['a comment with its fingerprint', `# the old one: ${print(ours)}`, []],
  [
    'a line whose comment is the fingerprint of another key',
    `nas ${ours} ${print(other)}`,
    [`nas ${ours} ${print(other)}`],
  ],
  ['an authority, which is passed over', `@cert-authority * ${ours}`, []],
])('ssh gets %s', (_, knownHosts, lines, port) => {
  expect(linesOf(knownHosts, port)).toEqual(lines);
});

it('the server is asked for its keys only where there is a fingerprint', () => {
  expect(hasFingerprints(`nas ${ours}\n# ${print(other)}`)).toBe(false);
  expect(hasFingerprints(`nas ${ours}\n${print(other)}`)).toBe(true);
});
