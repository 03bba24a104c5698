import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CHUNK_BYTES, NONCE_BYTES, payloadKey, plainBytes, sealedBytes } from './chunks.ts';
import { decrypting } from './decrypt.ts';
import { encryption } from './encrypt.ts';
import { MAX_HEADER_BYTES, readHeader } from './header.ts';
import {
  identityText,
  newIdentity,
  parseIdentities,
  parseRecipients,
  recipientText,
} from './keys.ts';
import { partOf } from './ranges.ts';
import type { Keys, Recipients } from './wrap.ts';
import { unwrapFileKey } from './wrap.ts';

const SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 200_000];
const hasAge = spawnSync('age', ['--version']).status === 0;

const encrypted = async (plain: Buffer, whom: Recipients, pieceBytes = 50_000) =>
  buffer(inPieces(plain, pieceBytes).compose((await encryption(whom)).stream));

const decrypted = async (file: Buffer, keys: Keys) =>
  buffer(inPieces(file, 70_000).compose(decrypting(header => unwrapFileKey(header, keys))));

function inPieces(bytes: Buffer, size: number): Readable {
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size)
  );
  return Readable.from(pieces, { objectMode: false });
}

const withIdentities = (...identities: Keys['identities'][number][]): Keys => ({
  identities,
  passphrases: [],
});
const withPassphrases = (...passphrases: string[]): Keys => ({ identities: [], passphrases });

it.each(SIZES)('gives back %i bytes, from a file of the size that was foretold', async bytes => {
  const [one, other] = [newIdentity(), newIdentity()];
  const plain = randomBytes(bytes);
  for (const pieceBytes of [1_000, 65_536, 300_000]) {
    const file = await encrypted(plain, { recipients: [one, other] }, pieceBytes);
    const header = readHeader(file)!;
    expect(file.length - header.bytes).toBe(sealedBytes(bytes));
    expect(plainBytes(file.length - header.bytes)).toBe(bytes);
    for (const identity of [one, other])
      expect((await decrypted(file, withIdentities(identity))).equals(plain)).toBe(true);
  }
});

it('is opened by its passphrase, and by no other', async () => {
  const file = await encrypted(Buffer.from('secret'), { passphrase: 'correct horse battery' });
  const keys = withPassphrases('another one', 'correct horse battery');
  expect((await decrypted(file, keys)).toString()).toBe('secret');
  await expect(decrypted(file, withPassphrases('wrong'))).rejects.toMatchObject({
    fault: 'no-match',
  });
  await expect(decrypted(file, withIdentities(newIdentity()))).rejects.toMatchObject({
    fault: 'no-match',
  });
});

it('can be read again by whoever encrypted it, without any secret key', async () => {
  const { stream, fileKey } = await encryption({ recipients: [newIdentity()] });
  const file = await buffer(Readable.from([Buffer.from('data')]).compose(stream));
  const again = Readable.from([file]).compose(decrypting(() => fileKey));
  expect((await buffer(again)).toString()).toBe('data');
});

it.each([1, 15, 16, 17, 70_000, CHUNK_BYTES + 16])(
  'fails when %i bytes are missing at its end, and gives nothing of the last chunk',
  async missing => {
    const identity = newIdentity();
    const plain = randomBytes(3 * CHUNK_BYTES);
    const file = await encrypted(plain, { recipients: [identity] });
    const released: Buffer[] = [];
    const reading = pipeline(
      inPieces(file.subarray(0, -missing), 9_999),
      decrypting(header => unwrapFileKey(header, withIdentities(identity))),
      async pieces => {
        for await (const piece of pieces) released.push(piece as Buffer);
      }
    );
    await expect(reading).rejects.toMatchObject({ fault: 'payload' });
    const out = Buffer.concat(released);
    expect(plain.subarray(0, out.length).equals(out)).toBe(true);
    expect(out.length).toBeLessThanOrEqual(2 * CHUNK_BYTES);
  }
);

it('refuses a changed byte wherever it is, and a byte after its end', async () => {
  const identity = newIdentity();
  const file = await encrypted(randomBytes(CHUNK_BYTES + 5), { recipients: [identity] });
  for (let at = 0; at < file.length; at += at < 250 ? 1 : 9_001) {
    const changed = Buffer.from(file);
    changed[at]! ^= 1;
    await expect(decrypted(changed, withIdentities(identity)), `byte ${at}`).rejects.toMatchObject({
      name: 'AgeError',
    });
  }
  const longer = Buffer.concat([file, Buffer.from([0])]);
  await expect(decrypted(longer, withIdentities(identity))).rejects.toMatchObject({
    fault: 'payload',
  });
});

it('reads a part from the chunks that hold it, and only from those', async () => {
  const identity = newIdentity();
  for (const bytes of SIZES) {
    const plain = randomBytes(bytes);
    const file = await encrypted(plain, { recipients: [identity] });
    const header = readHeader(file)!;
    const payload = file.subarray(header.bytes, header.bytes + NONCE_BYTES);
    const key = payloadKey(await unwrapFileKey(header, withIdentities(identity)), payload);
    const places = [0, 1, 65_535, 65_536, 65_537, bytes - 1, bytes, bytes + 9];
    for (const start of places.filter(at => at >= 0)) {
      for (const end of places.filter(at => at >= start)) {
        const part = partOf(
          { headerBytes: header.bytes, fileBytes: file.length, key },
          { start, end }
        );
        if (start >= bytes) {
          expect(part).toBeUndefined();
          continue;
        }
        const { range, stream } = part!;
        expect(range.end - range.start).toBeLessThan(end - start + 2 * (CHUNK_BYTES + 16));
        const read = inPieces(file.subarray(range.start, range.end + 1), 40_000).compose(stream);
        expect((await buffer(read)).equals(plain.subarray(start, end + 1))).toBe(true);
      }
    }
  }
});

it('a part that is damaged, or is not all of what was asked for, is refused', async () => {
  const identity = newIdentity();
  const file = await encrypted(randomBytes(200_000), { recipients: [identity] });
  const header = readHeader(file)!;
  const nonce = file.subarray(header.bytes, header.bytes + NONCE_BYTES);
  const key = payloadKey(await unwrapFileKey(header, withIdentities(identity)), nonce);
  const payload = { headerBytes: header.bytes, fileBytes: file.length, key };
  for (const end of [70_000, 199_999]) {
    const { range } = partOf(payload, { start: 10, end })!;
    const whole = file.subarray(range.start, range.end + 1);
    const changed = Buffer.from(whole);
    changed[100]! ^= 1;
    for (const wrong of [changed, whole.subarray(0, -1), whole.subarray(0, 1), Buffer.alloc(0)]) {
      const { stream } = partOf(payload, { start: 10, end })!;
      await expect(buffer(Readable.from([wrong]).compose(stream))).rejects.toMatchObject({
        fault: 'payload',
      });
    }
  }
});

describe('limits', () => {
  it('a header without an end is refused before all of it is read', async () => {
    const endless = Buffer.from(`age-encryption.org/v1\n-> X25519 ${'a'.repeat(MAX_HEADER_BYTES)}`);
    await expect(decrypted(endless, withPassphrases())).rejects.toMatchObject({ fault: 'header' });
  });

  it('a passphrase that would take too much memory is refused', async () => {
    const file = await encrypted(Buffer.from('x'), { passphrase: 'p' });
    const costly = Buffer.from(file.toString('latin1').replace(/ 16\n/, ' 19\n'), 'latin1');
    await expect(decrypted(costly, withPassphrases('p'))).rejects.toMatchObject({
      fault: 'too-costly',
    });
  });

  it.each([0, 15, 31, NONCE_BYTES + CHUNK_BYTES + 32, NONCE_BYTES + CHUNK_BYTES + 17])(
    'no payload has %i bytes',
    bytes => expect(() => plainBytes(bytes)).toThrow(/length/)
  );
});

describe('keys', () => {
  it('are read with comments and empty lines, as age-keygen writes them', () => {
    const identity = newIdentity();
    const text = `# public key: ${recipientText(identity)}\n\n${identityText(identity)}\r\n`;
    expect(parseIdentities(text)).toEqual([identity]);
    expect(parseRecipients(`# Anna\n${recipientText(identity)}\n`)).toEqual([
      { publicKey: identity.publicKey },
    ]);
  });

  it.each([
    ['a secret key among public ones', identityText(newIdentity()), /line 1 is a secret key/],
    ['an ssh key', '\nssh-ed25519 AAAA', /line 2 is not an age public key/],
    [
      'a key with a letter that is wrong',
      `${recipientText(newIdentity()).slice(0, -1)}b`,
      /line 1/,
    ],
  ])('%s is refused, and not quoted', (_, text, message) => {
    expect(() => parseRecipients(text)).toThrow(message);
    expect(() => parseRecipients(text)).not.toThrow(text.trim());
  });

  it.each([recipientText(newIdentity()), identityText(newIdentity()).toLowerCase(), 'x'])(
    '%s is not a secret key',
    text => expect(() => parseIdentities(text)).toThrow(/line 1 is not an age secret key/)
  );
});

describe.skipIf(!hasAge)('with the age command', () => {
  function folder() {
    const dir = mkdtempSync(join(tmpdir(), 'age-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    return (name: string) => join(dir, name);
  }

  it.each(SIZES)('age opens what NKVM encrypted, and NKVM what age did: %i bytes', async bytes => {
    const at = folder();
    execFileSync('age-keygen', ['-o', at('key.txt')], { stdio: 'pipe' });
    const identities = parseIdentities(readFileSync(at('key.txt'), 'utf8'));
    const plain = randomBytes(bytes);
    writeFileSync(at('plain'), plain);
    writeFileSync(at('ours.age'), await encrypted(plain, { recipients: identities }));
    const opened = execFileSync('age', ['-d', '-i', at('key.txt'), at('ours.age')]);
    expect(opened.equals(plain)).toBe(true);
    const [recipient] = identities.map(recipientText);
    execFileSync('age', ['-r', recipient!, '-o', at('theirs.age'), at('plain')]);
    const theirs = readFileSync(at('theirs.age'));
    expect((await decrypted(theirs, withIdentities(...identities))).equals(plain)).toBe(true);
  });

  it('age-keygen finds the public key that NKVM has for a secret one', () => {
    const at = folder();
    const identity = newIdentity();
    writeFileSync(at('key.txt'), `${identityText(identity)}\n`);
    const found = execFileSync('age-keygen', ['-y', at('key.txt')], { encoding: 'utf8' });
    expect(found.trim()).toBe(recipientText(identity));
  });
});
