import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { AgeError, badHeader } from './ageError.ts';

/** One way to the key of a file: what kind it is, its arguments, and the key in a wrapping that only one can open. */
export interface Stanza {
  type: string;
  args: string[];
  body: Buffer;
}

export interface Header {
  stanzas: Stanza[];
  /** Bytes of the file before the payload. */
  bytes: number;
  /** The bytes that the MAC covers. */
  signed: Buffer;
  mac: Buffer;
}

export const FILE_KEY_BYTES = 16;

/** A header with a hundred recipients has 10 KB. */
export const MAX_HEADER_BYTES = 64 * 1024;
const MAX_STANZAS = 256;

const VERSION = 'age-encryption.org/v1';
const MAC_BEGIN = '--- ';
const MAC_BYTES = 32;
const COLUMNS = 64;

/** @returns the header of a file whose key is `fileKey`. */
export function writeHeader(stanzas: readonly Stanza[], fileKey: Buffer): Buffer {
  const lines = stanzas.flatMap(({ type, args, body }) => [
    `-> ${[type, ...args].join(' ')}`,
    ...bodyLines(body),
  ]);
  const signed = Buffer.from([VERSION, ...lines, MAC_BEGIN.trimEnd()].join('\n'));
  const mac = macOf(signed, fileKey);
  return Buffer.concat([signed, Buffer.from(` ${base64(mac)}\n`)]);
}

/**
 * Reads the header at the beginning of `file`.
 * @returns undefined when `file` ends before the header does: more of it is needed
 * @throws AgeError (`header`) for anything that is not exactly as the format has it
 */
export function readHeader(file: Buffer): Header | undefined {
  const lines = new Lines(file);
  const version = lines.next();
  if (version === undefined) return undefined;
  if (version !== VERSION)
    throw badHeader(
      version.startsWith('age-encryption.org/')
        ? 'it has another version of the format'
        : 'it does not begin like an age file'
    );
  const stanzas: Stanza[] = [];
  for (;;) {
    const begin = lines.at;
    const line = lines.next();
    if (line === undefined) return undefined;
    if (line.startsWith(MAC_BEGIN)) {
      const mac = fromBase64(line.slice(MAC_BEGIN.length));
      if (mac?.length !== MAC_BYTES || stanzas.length === 0)
        throw badHeader('its header has no valid end');
      const signed = file.subarray(0, begin + MAC_BEGIN.length - 1);
      return { stanzas, bytes: lines.at, signed, mac };
    }
    if (stanzas.length === MAX_STANZAS)
      throw badHeader(`it has more than ${MAX_STANZAS} recipients`);
    const body = readBody(lines);
    const words = line.split(' ');
    const [arrow, type, ...args] = words;
    if (arrow !== '->' || type === undefined || !words.every(word => /^[\x21-\x7e]+$/.test(word)))
      throw badHeader('a recipient in its header is malformed');
    if (body === undefined) return undefined;
    stanzas.push({ type, args, body });
  }
}

/** @throws AgeError (`mac`) when the header is not what was written with `fileKey`. */
export function checkMac({ signed, mac }: Header, fileKey: Buffer): void {
  if (!timingSafeEqual(macOf(signed, fileKey), mac))
    throw new AgeError('mac', 'its header was changed after it was written');
}

const macOf = (signed: Buffer, fileKey: Buffer): Buffer =>
  createHmac('sha256', derive(fileKey, Buffer.alloc(0), 'header'))
    .update(signed)
    .digest();

/** @returns 32 bytes of HKDF-SHA-256. */
export const derive = (secret: Buffer, salt: Buffer, use: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, use, 32));

/** @returns base64 without padding. */
export const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

/** @returns undefined for anything but the one text that `base64` gives. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return base64(bytes) === text ? bytes : undefined;
}

/** A body ends with a line that is not full; it may be empty. */
function bodyLines(body: Buffer): string[] {
  const text = base64(body);
  return Array.from({ length: Math.floor(text.length / COLUMNS) + 1 }, (_, at) =>
    text.slice(at * COLUMNS, (at + 1) * COLUMNS)
  );
}

function readBody(lines: Lines): Buffer | undefined {
  const parts: Buffer[] = [];
  for (;;) {
    const line = lines.next();
    if (line === undefined) return undefined;
    const part = fromBase64(line);
    if (!part || line.length > COLUMNS)
      throw badHeader('the key of a recipient in its header is malformed');
    parts.push(part);
    if (line.length < COLUMNS) return Buffer.concat(parts);
  }
}

/** The lines of a header, which end with LF. */
class Lines {
  readonly #file: Buffer;
  /** Where the next line begins. */
  at = 0;

  constructor(file: Buffer) {
    this.#file = file;
  }

  /** @returns undefined when there is no whole line more. @throws AgeError (`header`) where the header is too long. */
  next(): string | undefined {
    const end = this.#file.subarray(0, MAX_HEADER_BYTES).indexOf('\n', this.at);
    if (end === -1) {
      if (this.#file.length >= MAX_HEADER_BYTES)
        throw badHeader(`its header is longer than ${MAX_HEADER_BYTES} bytes`);
      return undefined;
    }
    const line = this.#file.toString('latin1', this.at, end);
    this.at = end + 1;
    return line;
  }
}
