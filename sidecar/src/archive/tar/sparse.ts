import type { ByteSource } from './byteSource.ts';
import type { EntryHead } from './entryHead.ts';
import { BadTar, BLOCK, numberAt, padTo } from './header.ts';
import { paxNumber } from './pax.ts';

/** A part of a file that is stored; between two of them is a hole. */
interface Segment {
  offset: number;
  bytes: number;
}

const ZEROS = Buffer.alloc(64 * 1024);
/** A part takes up to 40 bytes in a map before the contents, and as few as four: neither may fill the memory. */
const MAX_SEGMENTS = 1_000_000;
const MAX_MAP_BYTES = 40 * MAX_SEGMENTS;

/**
 * Gives the contents of a file, its holes as zeros. The source is after the headers; afterwards it is after the contents.
 * @throws BadTar when the map of the holes is not that of the file
 */
export async function* contentsOf(head: EntryHead, source: ByteSource): AsyncGenerator<Buffer> {
  if (head.sparse === 'none') {
    yield* source.take(head.storedBytes);
    await source.skip(padTo(head.storedBytes) - head.storedBytes);
    return;
  }
  const before = source.position;
  const map = await mapOf(head, source);
  let left = head.storedBytes - (source.position - before);
  let at = 0;
  for (const { offset, bytes } of map) {
    if (offset < at || offset + bytes > head.size || bytes > left) throw wrongMap();
    yield* zeros(offset - at);
    yield* source.take(bytes);
    at = offset + bytes;
    left -= bytes;
  }
  if (left !== 0) throw wrongMap();
  yield* zeros(head.size - at);
  await source.skip(padTo(head.storedBytes) - head.storedBytes);
}

function* zeros(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
}

async function mapOf(head: EntryHead, source: ByteSource): Promise<Segment[]> {
  switch (head.sparse) {
    case '1.0':
      return await mapBeforeContents(source);
    case '0.x':
      return mapOfRecords(head);
    case 'old':
      return mapOfHeader(head);
    case 'none':
      return [];
  }
}

/** Form 1.0: decimal numbers, each with a line break: how many, then offset and size of each; filled up to a block. */
async function mapBeforeContents(source: ByteSource): Promise<Segment[]> {
  const numbers: number[] = [];
  let digits = '';
  for (let bytes = 0; bytes < MAX_MAP_BYTES; bytes += BLOCK) {
    const block = await source.read(BLOCK);
    for (const byte of block) {
      if (byte >= 0x30 && byte <= 0x39 && digits.length < 16) {
        digits += String.fromCharCode(byte);
      } else {
        if (byte !== 0x0a || digits === '') throw wrongMap();
        numbers.push(Number(digits));
        digits = '';
        if (numbers[0]! > MAX_SEGMENTS) throw wrongMap();
      }
      if (numbers.length > 0 && numbers.length === 2 * numbers[0]! + 1) {
        return pairs(numbers.slice(1));
      }
    }
  }
  throw wrongMap();
}

/** Forms 0.0 (a record for each number) and 0.1 (all in one). */
function mapOfRecords({ pax }: EntryHead): Segment[] {
  const map = pax.find(({ key }) => key === 'GNU.sparse.map');
  if (map) {
    const numbers = map.value.toString('latin1').split(',', 2 * MAX_SEGMENTS + 1);
    return pairs(numbers.map(Number));
  }
  return pairs(
    pax
      .filter(({ key }) => key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes')
      .map(paxNumber)
  );
}

/** GNU's own form: 4 pairs in the header, 21 in each block after it. */
function mapOfHeader({ raw, mainAt }: EntryHead): Segment[] {
  const numbers: number[] = [];
  const take = (block: Buffer, at: number, count: number) => {
    for (let i = 0; i < count; i++) {
      const place = at + i * 24;
      if (block[place] === 0) return;
      numbers.push(numberAt(block, place, 12), numberAt(block, place + 12, 12));
    }
  };
  take(raw.subarray(mainAt, mainAt + BLOCK), 386, 4);
  for (let at = mainAt + BLOCK; at < raw.length; at += BLOCK)
    take(raw.subarray(at, at + BLOCK), 0, 21);
  return pairs(numbers);
}

function pairs(numbers: number[]): Segment[] {
  const isTooLong = numbers.length > 2 * MAX_SEGMENTS;
  if (
    isTooLong ||
    numbers.length % 2 !== 0 ||
    !numbers.every(each => Number.isSafeInteger(each) && each >= 0)
  )
    throw wrongMap();
  const segments: Segment[] = [];
  for (let at = 0; at < numbers.length; at += 2)
    segments.push({ offset: numbers[at]!, bytes: numbers[at + 1]! });
  return segments;
}

const wrongMap = () => new BadTar('the map of the holes of a file is damaged');
