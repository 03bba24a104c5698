import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AgeError } from '../../archive/age/ageError.ts';
import { identityText, newIdentity, recipientText } from '../../archive/age/keys.ts';
import { keyRing } from './keyRing.ts';
import { ageRefusal } from './refusals.ts';
import { contradictionOf, ENCRYPTION_KEYS, recipientsOf } from './settings.ts';

const Settings = z.strictObject(ENCRYPTION_KEYS);
const [one, other] = [newIdentity(), newIdentity()];

describe('the keys of a Secret', () => {
  it('without any, archives are stored as they are', () => {
    expect(recipientsOf(Settings.parse({}))).toBeUndefined();
  });

  it('public keys are taken one on a line, with comments', () => {
    const text = `# safe\n${recipientText(one)}\n\n# Anna\n${recipientText(other)}\n`;
    expect(recipientsOf(Settings.parse({ ageRecipients: text }))).toEqual({
      recipients: [one, other].map(({ publicKey }) => ({ publicKey })),
    });
  });

  it('a passphrase is taken', () => {
    const agePassphrase = 'correct horse battery';
    expect(recipientsOf(Settings.parse({ agePassphrase }))).toEqual({ passphrase: agePassphrase });
  });

  it.each([
    ['only comments', { ageRecipients: '# nobody' }, /has no public key/],
    ['a secret key', { ageRecipients: identityText(one) }, /line 1 is a secret key/],
    ['an ssh key', { ageRecipients: 'ssh-ed25519 AAAA' }, /line 1 is not an age public key/],
    ['too many keys', { ageRecipients: `${recipientText(one)}\n`.repeat(51) }, /more than 50/],
    ['a short passphrase', { agePassphrase: 'short' }, /at least 12 characters/],
  ])('%s is refused, and not shown', (_, settings, message) => {
    const { error } = Settings.safeParse(settings);
    expect(error?.message).toMatch(message);
    for (const value of Object.values(settings)) expect(error?.message).not.toContain(value.trim());
  });

  it('public keys and a passphrase exclude each other', () => {
    const both = { ageRecipients: [one], agePassphrase: 'correct horse battery' };
    expect(contradictionOf(both)).toMatch(/exclude each other/);
    expect(contradictionOf({ ageRecipients: [one] })).toBeUndefined();
  });
});

it.each([
  ['header', 'checksum', 'AgeBroken', 'unknown'],
  ['mac', 'checksum', 'AgeBroken', 'unknown'],
  ['payload', 'checksum', 'AgeBroken', 'unknown'],
  ['no-match', 'checksum', 'NoMatchingKey', 'needs-action'],
  ['too-costly', 'checksum', 'PassphraseTooCostly', 'needs-action'],
  ['key', 'copy', 'AgeKeyInvalid', 'needs-action'],
] as const)(
  'a fault of the kind %s is one of stage %s, %s',
  (fault, stage, reason, failureClass) => {
    const refusal = ageRefusal('/b/a.age', new AgeError(fault, 'why'));
    expect(refusal).toMatchObject({ stage, reason, class: failureClass });
    expect((refusal as Error).message).toMatch(/^archive \/b\/a.age .*: why$/);
  }
);

it('another error stays what it is', () => {
  const error = new Error('of the storage');
  expect(ageRefusal('a', error)).toBe(error);
});

describe('the key ring', () => {
  it('adds keys, keeps each once, and forgets all of them', () => {
    const ring = keyRing();
    const keys = ring.of('offsite');
    ring.unlock('offsite', { identities: [one], passphrases: ['a'] });
    ring.unlock('offsite', { identities: [one, other], passphrases: ['a', 'b'] });
    expect(keys.given()).toEqual({ identities: [one, other], passphrases: ['a', 'b'] });
    expect([ring.isUnlocked('offsite'), ring.isUnlocked('elsewhere')]).toEqual([true, false]);
    keys.keep('k', Buffer.from('x'));
    ring.lock('offsite');
    expect(keys.given()).toEqual({ identities: [], passphrases: [] });
    expect(keys.fileKey('k')).toBeUndefined();
  });

  it('keeps the keys of the newest files only', () => {
    const keys = keyRing().of('offsite');
    for (let at = 0; at < 5_000; at += 1) keys.keep(`${at}`, Buffer.from('k'));
    expect([keys.fileKey('0'), keys.fileKey('4999')]).toEqual([undefined, Buffer.from('k')]);
  });
});
