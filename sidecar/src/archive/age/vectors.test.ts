import * as vectors from 'cctv-age';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AgeError } from './ageError.ts';
import { NONCE_BYTES, openChunk, payloadKey, SEALED_CHUNK_BYTES } from './chunks.ts';
import { decrypting } from './decrypt.ts';
import { readHeader, writeHeader } from './header.ts';
import { parseIdentities } from './keys.ts';
import { unwrapFileKey } from './wrap.ts';

/** The cap of the age command, which the vectors expect. */
const WORK_FACTOR = 22;

interface Vector {
  name: string;
  expect: string;
  payload: string | undefined;
  identities: string[];
  passphrases: string[];
  file: Buffer;
}

/** A vector is lines of `key: value`, an empty line, and the file. */
function vectorOf([name, bytes]: [string, Uint8Array]): Vector {
  const all = Buffer.from(bytes);
  const end = all.indexOf('\n\n');
  const lines = all
    .toString('utf8', 0, end)
    .split('\n')
    .map(line => line.split(': ', 2) as [string, string]);
  const valuesOf = (wanted: string) =>
    lines.flatMap(([key, value]) => (key === wanted ? [value] : []));
  const body = all.subarray(end + 2);
  return {
    name,
    expect: valuesOf('expect')[0] ?? '',
    payload: valuesOf('payload')[0],
    identities: valuesOf('identity'),
    passphrases: valuesOf('passphrase'),
    file: valuesOf('compressed')[0] === 'zlib' ? inflateSync(body) : body,
  };
}

/** NKVM writes binary files, for X25519 keys and passphrases; armor and post-quantum keys are for others. */
const ours = Object.entries(vectors)
  .filter(([name]) => !/^(armor|hybrid)/.test(name))
  .map(vectorOf);

/** @returns the end in the words of the vectors, and what was released. */
async function opened({ identities, passphrases, file }: Vector, pieceBytes: number) {
  const released: Buffer[] = [];
  const keys = { identities: identities.flatMap(parseIdentities), passphrases };
  const pieces = Array.from({ length: Math.ceil(file.length / pieceBytes) }, (_, at) =>
    file.subarray(at * pieceBytes, (at + 1) * pieceBytes)
  );
  try {
    await pipeline(
      Readable.from(pieces),
      decrypting(header => unwrapFileKey(header, keys, WORK_FACTOR)),
      async plain => {
        for await (const piece of plain) released.push(piece as Buffer);
      }
    );
    return { end: 'success', released: Buffer.concat(released) };
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    return { end: WORDS[error.fault], released: Buffer.concat(released) };
  }
}

/** What the age command releases: it gives the last chunk before it looks whether something comes after it. */
async function releasedByAge({ identities, passphrases, file }: Vector): Promise<Buffer> {
  const keys = { identities: identities.flatMap(parseIdentities), passphrases };
  const header = readHeader(file)!;
  const begin = header.bytes + NONCE_BYTES;
  const fileKey = await unwrapFileKey(header, keys, WORK_FACTOR);
  const key = payloadKey(fileKey, file.subarray(header.bytes, begin));
  const chunks: Buffer[] = [];
  for (let at = begin; at < file.length; at += SEALED_CHUNK_BYTES) {
    const sealed = file.subarray(at, at + SEALED_CHUNK_BYTES);
    const plain = [false, true].map(isLast => {
      if (!isLast && sealed.length < SEALED_CHUNK_BYTES) return undefined;
      try {
        return openChunk(key, chunks.length, isLast, sealed);
      } catch {
        return undefined;
      }
    });
    const found = plain[0] ?? plain[1];
    if (found) chunks.push(found);
    if (!plain[0]) break;
  }
  return Buffer.concat(chunks);
}

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const WORDS = {
  header: 'header failure',
  'too-costly': 'header failure',
  mac: 'HMAC failure',
  payload: 'payload failure',
  'no-match': 'no match',
  key: 'key',
};

describe('the test vectors of the format', () => {
  it('are all there', () => {
    expect(ours.length).toBeGreaterThan(85);
  });

  it.each(ours.map(vector => [vector.name, vector] as const))('%s', async (_name, vector) => {
    for (const pieceBytes of [vector.file.length < 10_000 ? 1 : 4_099, 200_000]) {
      const { end, released } = await opened(vector, pieceBytes);
      expect(end).toBe(vector.expect);
      if (!vector.payload) expect(released).toHaveLength(0);
      else if (end === 'success') expect(sha256Of(released)).toBe(vector.payload);
      else {
        const most = await releasedByAge(vector);
        expect(sha256Of(most)).toBe(vector.payload);
        expect(most.subarray(0, released.length).equals(released)).toBe(true);
      }
    }
  });

  it('have headers that are written again as they were read', async () => {
    const sound = ours.filter(each => each.expect === 'success');
    for (const { file, identities, passphrases } of sound) {
      const header = readHeader(file)!;
      const keys = { identities: identities.flatMap(parseIdentities), passphrases };
      const fileKey = await unwrapFileKey(header, keys, WORK_FACTOR);
      expect(writeHeader(header.stanzas, fileKey).equals(file.subarray(0, header.bytes))).toBe(
        true
      );
    }
    expect(sound.length).toBeGreaterThan(10);
  });
});
