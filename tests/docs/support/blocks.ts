import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../..');

/** A block of shell commands in a page. */
export interface Block {
  /** Path from the top of the repository. */
  page: string;
  /** Number of its first line of commands. */
  line: number;
  text: string;
  /** What the comment above it says; undefined: there is none. */
  mark: Mark | undefined;
}

/**
 * An HTML comment above a block says where it is run unchanged, or why it is not run:
 *
 * - `<!-- run: cluster -->` on the test cluster, after the blocks before it on its page, in one shell
 * - `<!-- run: cluster, beside the next, port 8001 -->` the same, in a shell of its own until the page ends; the next block is
 *   run when the port answers
 * - `<!-- run: here -->` by `npm test`
 * - `<!-- run: tests/destinations/byHand.test.ts -->` by that test, which may put in names of its world
 * - `<!-- not run: needs a browser -->`
 */
export type Mark =
  | { kind: 'cluster'; port?: number }
  | { kind: 'here' }
  | { kind: 'test'; file: string }
  | { kind: 'not run'; why: string };

const PAGES = ['README.md', 'CONTRIBUTING.md', 'tests/cluster/README.md', 'tests/faults/README.md'];

/** Pages that people read, as paths from the top of the repository. */
export const pages = (): string[] => [
  ...PAGES,
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.md'))
    .sort()
    .map(file => `docs/${file}`),
];

export const allBlocks = (): Block[] =>
  pages().flatMap(page => blocksOf(page, readFileSync(join(ROOT, page), 'utf8')));

/** Languages of commands. Other blocks are data or output, and name their language, too. */
const COMMANDS =
  /^(?:<!-- (?<mark>[^\n]*) -->\n\n?)?```(?:sh|bash|shell|console)?\n(?<text>.*?)^```$/gms;

/** @throws Error when a mark cannot be read. */
export function blocksOf(page: string, markdown: string): Block[] {
  return [...withoutOthers(markdown).matchAll(COMMANDS)].map(({ groups, index, 0: all }) => {
    const start = index + all.indexOf('```');
    const line = markdown.slice(0, start).split('\n').length + 1;
    return { page, line, text: groups?.text ?? '', mark: markOf(groups?.mark, `${page}:${line}`) };
  });
}

/** Blanks out blocks of other languages, so that their ends are not taken for beginnings. Keeps every position. */
const withoutOthers = (markdown: string): string =>
  markdown.replaceAll(/^```(\w+)\n(.*?)^```$/gms, (block, language: string) =>
    ['sh', 'bash', 'shell', 'console'].includes(language) ? block : block.replaceAll(/[^\n]/g, ' ')
  );

function markOf(mark: string | undefined, where: string): Mark | undefined {
  if (mark === undefined || !/^(not )?run\b/.test(mark)) return undefined;
  const [, why] = /^not run: (\S.*)$/.exec(mark) ?? [];
  if (why) return { kind: 'not run', why };
  if (mark === 'run: cluster') return { kind: 'cluster' };
  if (mark === 'run: here') return { kind: 'here' };
  const [, port] = /^run: cluster, beside the next, port (\d+)$/.exec(mark) ?? [];
  if (port) return { kind: 'cluster', port: Number(port) };
  const [, file] = /^run: (\S+\.test\.ts)$/.exec(mark) ?? [];
  if (file) return { kind: 'test', file };
  throw new Error(`${where}: a mark that nobody understands: ${mark}`);
}
