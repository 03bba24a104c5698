import { StageError } from '../errors.ts';
import { matcherOf, wrongPattern } from './unpack/program/tarPattern.ts';

/** Entries that an archive does not hold because of a rule or of the claim. */
export interface LeaveOut {
  /** Patterns of GNU tar, one an entry; they come from the claim. */
  patterns: string[];
  /** Rules that the claim turns off: their entries are included. */
  includes: Rule[];
}

/**
 * - `mounts`: other file systems that are mounted inside the volume
 * - `reserved`: directories at the top that belong to the file system or its server, such as `.snapshot` and `lost+found`
 * - `archives`: archives of NKVM
 */
export type Rule = 'mounts' | 'reserved' | 'archives';

/** Without any wish of the claim. */
export const BY_RULE: LeaveOut = { patterns: [], includes: [] };

export const EXCLUDE_ANNOTATION = 'nkvm.io/exclude';

const INCLUDE_ANNOTATIONS: Record<string, Rule> = {
  'nkvm.io/include-mounts': 'mounts',
  'nkvm.io/include-reserved': 'reserved',
  'nkvm.io/include-archives': 'archives',
};

const MOST_PATTERNS = 100;
const MOST_BYTES = 4096;

/**
 * Reads from a claim's annotations what its backups leave out.
 * @returns patterns without empty lines and spaces at their ends, which tar takes away, too
 * @throws StageError (stage `exec`, reason `ExcludeInvalid`) that names every wrong line: to skip one in silence would pack
 *   what was to be left out, or leave out what was to be packed.
 */
export function leaveOutOf(annotations: Readonly<Record<string, string>>): LeaveOut {
  const text = annotations[EXCLUDE_ANNOTATION] ?? '';
  const lines = text.split('\n').map(line => line.trimEnd());
  const patterns = lines.filter(line => line !== '');
  const wrong = [
    ...lines.flatMap((line, at) => {
      const why = line === '' ? undefined : problemOf(line);
      return why ? [`line ${at + 1} of ${EXCLUDE_ANNOTATION} ${why}`] : [];
    }),
    ...(patterns.length > MOST_PATTERNS || Buffer.byteLength(text) > MOST_BYTES
      ? [
          `${EXCLUDE_ANNOTATION} has ${patterns.length} patterns and ${Buffer.byteLength(
            text
          )} bytes, and may have ${MOST_PATTERNS} and ${MOST_BYTES}`,
        ]
      : []),
  ];
  const includes: Rule[] = [];
  for (const [annotation, rule] of Object.entries(INCLUDE_ANNOTATIONS)) {
    const value = annotations[annotation] ?? 'false';
    if (value === 'true') includes.push(rule);
    else if (value !== 'false') wrong.push(`${annotation} takes true or false`);
  }
  if (wrong.length === 0) return { patterns, includes };
  const more = wrong.length > 5 ? `; and ${wrong.length - 5} more` : '';
  throw new StageError(
    'exec',
    'ExcludeInvalid',
    `the claim's annotations are not valid: ${wrong.slice(0, 5).join('; ')}${more}`,
    'correct the annotations of the claim, then start a new backup; nothing was packed',
    'needs-action'
  );
}

/** @returns what is wrong with a pattern. Patterns that cannot match anything are wrong, too: they look as if they did. */
function problemOf(pattern: string): string | undefined {
  const wrong = wrongPattern(pattern);
  if (wrong) return wrong;
  if (/^[!#]/.test(pattern)) {
    return `begins with ${pattern[0]}, which tar does not know as a sign: write \\${pattern[0]} for a name that begins with it`;
  }
  if (pattern.startsWith('/')) return 'begins with /, and names in an archive begin with ./';
  if (pattern.endsWith('/')) return 'ends with /, and no name in an archive does: leave that out';
  if (pattern.split('/').includes('..')) return 'has .., which no name in an archive has';
  if (matcherOf([pattern])('.')) return 'matches the whole volume';
  return undefined;
}
