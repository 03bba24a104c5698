// @vitest-environment node
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bech32, isRecipient, keyFile, makeKeyPair } from './ageKey';

const hasAge = spawnSync('age-keygen', ['--version']).status === 0;

describe('a key pair of age', () => {
  it('is one that browsers make, with a recipient that passes its checksum', async () => {
    const { recipient, identity } = await makeKeyPair();
    expect(isRecipient(recipient)).toBe(true);
    expect(identity).toMatch(/^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/);
  });

  it.skipIf(!hasAge)('is what age itself takes it for (needs age-keygen)', async () => {
    const pair = await makeKeyPair();
    const recipient = execFileSync('age-keygen', ['-y'], {
      input: keyFile(pair, new Date()),
      encoding: 'utf8',
    });
    expect(recipient.trim()).toBe(pair.recipient);
  });

  it('is written as age-keygen writes it', () => {
    const pair = { recipient: 'age1x', identity: 'AGE-SECRET-KEY-1X' };
    expect(keyFile(pair, new Date('2026-11-26T10:00:00Z'))).toBe(
      '# created: 2026-11-26T10:00:00.000Z\n# public key: age1x\nAGE-SECRET-KEY-1X\n'
    );
  });
});

// From BIP 173, and all zeros.
it('writes Bech32', () => {
  expect(bech32('a', new Uint8Array())).toBe('a12uel5l');
  expect(isRecipient(bech32('age', new Uint8Array(32)))).toBe(true);
});

const sound = bech32(
  'age',
  Uint8Array.from({ length: 32 }, (_, index) => index)
);

it.each([
  ['a recipient', sound, true],
  ['one with another letter', `${sound.slice(0, -1)}${sound.endsWith('q') ? 'p' : 'q'}`, false],
  ['one that is cut off', sound.slice(0, -1), false],
  [
    'a secret key',
    'AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SRLE4',
    false,
  ],
  ['nothing', '', false],
])('tells %s', (_, text, isSound) => expect(isRecipient(text)).toBe(isSound));
