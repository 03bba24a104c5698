import { expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import { scrubbed, scrubbedError, secretTexts } from './scrub.ts';

const KEY = ['-----BEGIN KEY-----', 'bGluZSBvbmUgb2YgYSBrZXk', 'c2hvcnQ', '-----END KEY-----'].join(
  '\n'
);

it.each<[string, Record<string, string | null>, string[]]>([
  ['a password', { host: 'h.example', password: 'hunter2' }, ['hunter2']],
  ['keys of S3', { accessKeyId: 'AKIA1', secretAccessKey: 'wJalr' }, ['AKIA1', 'wJalr']],
  ['a passphrase', { agePassphrase: 'long words' }, ['long words']],
  ['a private key, and its lines', { privateKey: KEY }, ['bGluZSBvbmUgb2YgYSBrZXk']],
  ['a password in a URL', { repository: 'rest:https://user:hunter2@h/' }, ['hunter2']],
  ['nothing else', { host: 'h.example', bucket: 'backups', knownHosts: 'h ssh-rsa AAAA' }, []],
  ['nothing that is too short', { password: 'abc' }, []],
  ['nothing that is not text', { password: null }, []],
])('hides %s', (_, data, hidden) =>
  expect(secretTexts(data)).toEqual(expect.arrayContaining(hidden))
);

it('hides them in texts, also as URLs have them', () =>
  expect(scrubbed('login as u with p/w?x failed: p%2Fw%3Fx', ['p/w?x'])).toBe(
    'login as u with *** failed: ***'
  ));

it.each<[string, string, string]>([
  ['quotes', 'p"w\\x', String.raw`refused "p\"w\\x"`],
  ['letters of which a URL has bytes', 'pässword', 'refused pässword, p%C3%A4ssword'],
  ['half a character, which no URL can have', 'pass\ud800', 'refused pass\ud800'],
])('hides one with %s, as JSON and as URLs have it', (_, secret, text) => {
  const clean = scrubbed(text, [secret]);
  expect(clean).toContain('***');
  expect(clean).not.toMatch(/p"w|p\\"w|ssword|pass/);
});

it('leaves an error that shows none as it is', () => {
  const error = new StageError('copy', 'LoginRefused', 'm', 'h', 'needs-action', {
    cause: new Error('no'),
  });
  expect(scrubbedError(error, ['hunter2'])).toBe(error);
});

it.each<[string, Error]>([
  ['its message', new StageError('copy', 'R', 'with hunter2', 'h', 'unknown')],
  ['its hint', new StageError('copy', 'R', 'm', 'not hunter2', 'unknown')],
  ['its cause', new StageError('copy', 'R', 'm', 'h', 'unknown', { cause: new Error('hunter2') })],
  ['an error of a library', new Error('hunter2')],
])('hides them in %s', (_, error) => {
  const clean = scrubbedError(error, ['hunter2']) as Error;
  expect(clean).not.toBe(error);
  expect(
    `${clean.message} ${(clean as StageError).hint} ${clean.stack} ${String(clean.cause)}`
  ).not.toContain('hunter2');
});
