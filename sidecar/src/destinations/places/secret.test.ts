import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { newIdentity, recipientText } from '../../archive/age/keys.ts';
import { StageError } from '../../errors.ts';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import type { Kind } from '../kind.ts';
import type { SecretTexts } from './secret.ts';
import { readSecret } from './secret.ts';

const sftp: Kind<{
  host: string;
  port: number;
  password: string;
  privateKey?: string | undefined;
}> = {
  kind: 'sftp',
  settings: z.strictObject({
    host: z.string().min(1),
    port: z.string().regex(/^\d+$/, 'must be a number').transform(Number).default(22),
    password: z.string().refine(text => text !== 'hunter2hunter2', {
      error: issue => `must not be ${String(issue.input)}`,
    }),
    privateKey: z.string().optional(),
  }),
  location: ({ host }) => host,
  isInsecure: () => false,
  open: () => memoryDestination(),
  probes: () => [],
};
const KEY = recipientText(newIdentity());
const kinds = { sftp: sftp as Kind<unknown> };
const secret = (more: Partial<SecretTexts> = {}): SecretTexts => ({
  name: 'offsite',
  kind: 'sftp',
  data: { host: 'h', password: 'p' },
  annotations: {},
  ...more,
});

describe('a Secret', () => {
  it('is a destination', () =>
    expect(readSecret(secret(), kinds)).toMatchObject({
      name: 'offsite',
      kind: 'sftp',
      isMarkedDefault: false,
      isRequired: true,
      read: { settings: { host: 'h', port: 22, password: 'p' } },
    }));

  it.each([
    [{ 'nkvm.io/default': 'true' }, true, true],
    [{ 'nkvm.io/default': 'false' }, false, true],
    [{ 'nkvm.io/required': 'false' }, false, false],
  ])('with the annotations %j', (annotations, isMarkedDefault, isRequired) =>
    expect(readSecret(secret({ annotations }), kinds)).toMatchObject({
      isMarkedDefault,
      isRequired,
    })
  );

  it.each([
    ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['yes', null],
    [undefined, null],
  ])('with a recovery kit that was stored at %s', (text, kitStoredAt) => {
    const annotations: Record<string, string> = text
      ? { 'nkvm.io/recovery-kit-stored-at': text }
      : {};
    expect(readSecret(secret({ annotations }), kinds)).toMatchObject({ kitStoredAt });
  });

  it('loses the line end that files and echo add, and no other', () => {
    const data = { host: 'h\n', password: ' p \r\n', privateKey: 'one\ntwo\n' };
    expect(readSecret(secret({ data }), kinds)).toMatchObject({
      read: { settings: { host: 'h', password: ' p ', privateKey: 'one\ntwo\n' } },
    });
  });

  it.each<[string, Partial<SecretTexts>, RegExp]>([
    ['a key that is missing', { data: { host: 'h' } }, /not valid: password is missing$/],
    [
      'a key that is not known',
      { data: { host: 'h', password: 'p', hots: 'x' } },
      /not valid: hots is not a key of this kind$/,
    ],
    [
      'all of them at once',
      { data: { port: 'x', hots: 'x' } },
      /host is missing; port must be a number; password is missing; hots is not a key/,
    ],
    [
      'bytes that are not text',
      { data: { host: 'h', password: null } },
      /not valid: password is not text$/,
    ],
    ['a kind that this version lacks', { kind: 'ftp' }, /has no destinations of kind ftp$/],
    [
      'a value that a message repeats',
      { data: { host: 'h', password: 'hunter2hunter2' } },
      /password must not be \*\*\*$/,
    ],
    [
      'a key of age that is none',
      { data: { host: 'h', password: 'p', ageRecipients: 'age1x' } },
      /ageRecipients is not valid: line 1 is not an age public key/,
    ],
    [
      'public keys and a passphrase at once',
      { data: { host: 'h', password: 'p', ageRecipients: KEY, agePassphrase: 'correct horse' } },
      /ageRecipients and agePassphrase exclude each other/,
    ],
    [
      'encryption, which must not be left out silently',
      { data: { host: 'h', password: 'p', ageUnknown: 'x' } },
      /ageUnknown is not a key of this kind$/,
    ],
  ])('is invalid with %s', (_, more, message) => {
    const found = readSecret(secret(more), kinds);
    expect(found).toMatchObject({ name: 'offsite', read: expect.any(StageError) });
    expect(found).toMatchObject({
      read: {
        reason: 'DestinationInvalid',
        class: 'needs-action',
        message: expect.stringMatching(message),
      },
    });
  });

  it('is invalid where its kind encrypts by itself, and is asked to encrypt again', () => {
    const restic = { ...sftp, kind: 'restic' } as Kind<unknown>;
    const data = { host: 'h', password: 'p', ageRecipients: KEY };
    expect(readSecret(secret({ kind: 'restic', data }), { restic })).toMatchObject({
      read: { message: expect.stringMatching(/restic encrypts what it stores by itself/) },
    });
  });

  it.each<[Partial<SecretTexts>, RegExp]>([
    [{ name: 'local' }, /Secret local is not used/],
    [{ kind: 'tape' }, /says "tape", which is not a kind/],
    [{ kind: 'local' }, /says "local", which is not a kind/],
  ])('is no destination: %j', (more, why) => expect(readSecret(secret(more), kinds)).toMatch(why));
});
