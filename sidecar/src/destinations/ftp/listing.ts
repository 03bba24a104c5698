import { parseList } from 'basic-ftp';

/** A line of a listing. */
export interface Entry {
  name: string;
  isFile: boolean;
  isDirectory: boolean;
  bytes: number;
  /** Only MLSD says it to the second and in UTC. */
  modifiedAt: Date | undefined;
  /** The same, or to the minute and in a time zone that is not known: to be compared with other entries of the listing. */
  roughlyAt: Date | undefined;
}

/** @returns undefined for lines that are no entries: the directory itself, the one above, `total 12`. */
export function parseEntry(line: string): Entry | undefined {
  const [info] = parseList(line);
  if (!info || info.name === '.' || info.name === '..') return undefined;
  const { name, isFile, isDirectory, size, modifiedAt, rawModifiedAt } = info;
  const roughlyAt = modifiedAt ?? parseListTime(rawModifiedAt);
  return { name, isFile, isDirectory, bytes: size, modifiedAt, roughlyAt };
}

/** @param text as `ls -l` has it: `Nov 27 07:05` for the last months, `Mar  3 2024` for earlier ones */
export function parseListTime(text: string, now = new Date()): Date | undefined {
  const [, month, day, time, year] =
    /^([A-Z][a-z]{2})\s+(\d{1,2})\s+(?:(\d{1,2}:\d{2})|(\d{4}))$/.exec(text.trim()) ?? [];
  if (!month || !day) return undefined;
  const inYear = (of: number) => {
    const at = new Date(`${month} ${day}, ${of} ${time ?? '00:00'} UTC`);
    return Number.isNaN(at.getTime()) ? undefined : at;
  };
  if (year) return inYear(Number(year));
  const thisYear = inYear(now.getUTCFullYear());
  // A day of slack for time zones and clocks. Later than that, it was last year.
  const isPast = thisYear && thisYear.getTime() - now.getTime() <= 24 * 3_600_000;
  return isPast ? thisYear : inYear(now.getUTCFullYear() - 1);
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
