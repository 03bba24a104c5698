/** A line of `rsync --list-only`. */
export interface RsyncEntry {
  /** Relative to what was listed. */
  path: string;
  isFile: boolean;
  bytes: number;
  modifiedAt: Date;
}

const LINE = /^(.)\S{9,10} +([\d,.]+) (\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) (.+)$/;

/**
 * @returns undefined for a line that is no entry, for the directory itself, and for names that rsync writes in another form
 *   because of control characters: no key has those.
 */
export function parseRsyncLine(line: string): RsyncEntry | undefined {
  const found = LINE.exec(line);
  if (!found) return undefined;
  const [, type, size = '', ...rest] = found;
  const path = rest.pop() ?? '';
  if (path === '.' || path.includes('\\#')) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = rest.map(Number);
  return {
    path,
    isFile: type === '-',
    bytes: Number(size.replaceAll(/[,.]/g, '')),
    modifiedAt: new Date(Date.UTC(year, month - 1, day, hour, minute, second)),
  };
}

/** @returns a name as a rule of a filter that fits this name alone. A backslash quotes only where there is a wildcard. */
export const literal = (name: string): string =>
  /[*?[]/.test(name) ? name.replaceAll(/[*?[\\]/g, '\\$&') : name;
