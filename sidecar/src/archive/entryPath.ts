import { isAscii, isUtf8 } from 'node:buffer';

const SLASH = 0x2f;
const DOT = 0x2e;
const BACKSLASH = 0x5c;

/**
 * @param bytes a path or a part of one, as it is in an archive
 * @returns it as text that leads back to the same bytes: a backslash is doubled, and a byte that is not UTF-8 is `\377`
 */
export function textOfPath(bytes: Uint8Array): string {
  if (isUtf8(bytes)) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(
      isAscii(bytes) ? 'latin1' : 'utf8'
    );
    return bytes.includes(BACKSLASH) ? text.replaceAll('\\', '\\\\') : text;
  }
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find(each => {
      const part = bytes.subarray(at, at + each);
      return part.length === each && isUtf8(part);
    });
    if (length === undefined) {
      text += `\\${bytes[at]!.toString(8).padStart(3, '0')}`;
      at += 1;
      continue;
    }
    const character = Buffer.from(bytes.subarray(at, at + length)).toString('utf8');
    text += character === '\\' ? '\\\\' : character;
    at += length;
  }
  return text;
}

/**
 * @param path as `textOfPath` gives it
 * @returns the bytes of its parts, without empty ones and `.`; undefined when it has a backslash that means nothing
 */
export function partsOfPath(path: string): Buffer[] | undefined {
  const bytes = bytesOf(path);
  return bytes && splitPath(bytes);
}

/** @returns the parts of a path that mean something: neither empty ones nor `.`; those of `./a//b/` are `a` and `b`. */
export function splitPath(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let from = 0; from <= bytes.length; ) {
    const slash = bytes.indexOf(SLASH, from);
    const to = slash < 0 ? bytes.length : slash;
    const isDot = to - from === 1 && bytes[from] === DOT;
    if (to > from && !isDot) parts.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return parts;
}

function bytesOf(path: string): Buffer | undefined {
  if (!path.includes('\\')) return Buffer.from(path);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { 0: escape, index } of path.matchAll(/\\(?:\\|[0-3][0-7]{2})?/g)) {
    if (escape === '\\') return undefined;
    pieces.push(Buffer.from(path.slice(from, index)));
    pieces.push(Buffer.from([escape === '\\\\' ? BACKSLASH : parseInt(escape.slice(1), 8)]));
    from = index + escape.length;
  }
  pieces.push(Buffer.from(path.slice(from)));
  return Buffer.concat(pieces);
}
