import { crc32 } from 'node:zlib';

/** A line of a journal that was read back whole. */
export interface JournalRecord {
  sequence: number;
  value: unknown;
}

/**
 * @returns a line `<CRC-32> <bytes> <sequence> <JSON>`, with its line feed. The checksum, eight hexadecimal digits, is
 *   that of all that follows its space; `<bytes>` is the length of the JSON.
 */
export function writeRecord({ sequence, value }: JournalRecord): Buffer {
  const json = JSON.stringify(value);
  const rest = `${Buffer.byteLength(json)} ${sequence} ${json}`;
  return Buffer.from(`${checksumOf(Buffer.from(rest))} ${rest}\n`);
}

/** @param line without its line feed @returns `undefined` when it is not as it was written. */
export function readRecord(line: Buffer): JournalRecord | undefined {
  const rest = line.subarray(9);
  if (line.toString('latin1', 0, 9) !== `${checksumOf(rest)} `) return undefined;
  const [, bytes, sequence, json] = /^(\d+) (\d+) (.+)$/s.exec(rest.toString()) ?? [];
  if (!json || Buffer.byteLength(json) !== Number(bytes)) return undefined;
  return { sequence: Number(sequence), value: JSON.parse(json) };
}

const checksumOf = (bytes: Buffer): string => crc32(bytes).toString(16).padStart(8, '0');
