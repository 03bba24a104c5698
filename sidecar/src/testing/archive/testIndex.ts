import type { ArchiveIndex } from '../../archive/index/archiveIndex.ts';
import { IndexBuilder } from '../../archive/index/builder.ts';
import { EntryFields } from '../../archive/index/entry.ts';
import { forEachLine, LineReader } from '../../archive/index/lines.ts';

/** @returns the index of tar's lines. */
export async function indexOfLines(text: string | Buffer): Promise<ArchiveIndex> {
  const entry = new EntryFields();
  const reader = new LineReader(entry);
  const builder = new IndexBuilder();
  async function* source() {
    yield Buffer.from(text);
  }
  await forEachLine(source(), (bytes, from, to) => {
    reader.read(bytes, from, to);
    builder.add(entry);
  });
  return builder.finish();
}

/** @returns lines as tar writes them, for `path`, `path/`, `path -> target` and `path = target` (a hard link). */
export const linesFor = (...entries: (string | [path: string, size: number, time?: string])[]) =>
  entries
    .map((entry, at) => {
      const [text, size, time] =
        typeof entry === 'string' ? [entry, 0] : [entry[0], entry[1], entry[2]];
      const [, path = '', sign, target] = /^(.*?)(?: (->|=) (.*))?$/.exec(text) ?? [];
      const mode =
        sign === '->'
          ? 'lrwxrwxrwx'
          : sign === '='
          ? 'hrw-r--r--'
          : path.endsWith('/')
          ? 'drwxr-xr-x'
          : '-rw-r--r--';
      const link = sign === '->' ? ` -> "${target}"` : sign === '=' ? ` link to "${target}"` : '';
      return `block ${at * 3}: ${mode}  0/0 ${size} ${
        time ?? '2026-11-20 10:11:12'
      } "${path}"${link}\n`;
    })
    .join('');
