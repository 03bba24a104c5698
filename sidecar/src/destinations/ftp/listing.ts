import { parseList } from 'basic-ftp';

/** A line of a listing. */
export interface Entry {
  name: string;
  isFile: boolean;
  isDirectory: boolean;
  bytes: number;
  /** Only MLSD says it to the second and in UTC. */
  modifiedAt: Date | undefined;
}

/** @returns undefined for lines that are no entries: the directory itself, the one above, `total 12`. */
export function parseEntry(line: string): Entry | undefined {
  const [info] = parseList(line);
  if (!info || info.name === '.' || info.name === '..') return undefined;
  const { name, isFile, isDirectory, size, modifiedAt } = info;
  return { name, isFile, isDirectory, bytes: size, modifiedAt };
}

/**
 * Reads the facts of `MLST`: ` type=file;size=3;modify=20261126213000; /dir/name`.
 * @returns undefined when it does not say what is asked for
 */
export function parseFacts(
  message: string
): { isFile: boolean; bytes: number; modifiedAt: Date } | undefined {
  const line = message.split(/\r?\n/).find(each => /^ ?\S+=\S*;/.test(each));
  const facts = new Map(
    (line ?? '')
      .trim()
      .split(' ')[0]
      ?.split(';')
      .map(fact => fact.split('='))
      .map(([name = '', value = '']) => [name.toLowerCase(), value] as const)
  );
  const [type, size, modify] = ['type', 'size', 'modify'].map(name => facts.get(name));
  const modifiedAt = parseTime(modify ?? '');
  if (!type || !/^\d+$/.test(size ?? '') || !modifiedAt) return undefined;
  return { isFile: type.toLowerCase() === 'file', bytes: Number(size), modifiedAt };
}

/** @returns a time of FTP (RFC 3659), which is UTC: `20261126213000`, `20261126213000.123`. */
export function parseTime(text: string): Date | undefined {
  const found = /(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?/.exec(text);
  if (!found) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map(Number);
  return new Date(
    Date.UTC(year, month - 1, day, hour, minute, second) + Math.round(Number(found[7] ?? 0) * 1000)
  );
}
