/**
 * Patterns as GNU tar's `--exclude-from` understands them by default (`--wildcards --wildcards-match-slash --no-anchored`): a
 * pattern matches a name, what is below it, and each end of a name that follows a `/`. Text is bytes (`latin1`), as in the C
 * locale. tarPattern.test.ts compares this with tar itself.
 */

/** A byte, `any` for `?`, `star`, or which bytes of a bracket match. */
type Token = number | 'any' | 'star' | Uint8Array;

/** The time that a match takes grows with them. */
const MOST_STARS = 10;

const RANGES: Record<string, string> = {
  alnum: '09AZaz',
  alpha: 'AZaz',
  blank: '  \t\t',
  cntrl: '\x00\x1f\x7f\x7f',
  digit: '09',
  graph: '!~',
  lower: 'az',
  print: ' ~',
  punct: '!/:@[`{~',
  space: '  \t\r',
  upper: 'AZ',
  xdigit: '09AFaf',
};

/** @returns what makes a pattern one that this does not understand; undefined: nothing. */
export function wrongPattern(pattern: string): string | undefined {
  const tokens = tokensOf(bytesOf(pattern));
  return Array.isArray(tokens) ? undefined : tokens.wrong;
}

/**
 * @param patterns as text
 * @returns whether an entry is left out; its path is as in the archive, with `./` before it, as bytes.
 * @throws Error for a pattern that is wrong.
 */
export function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  const all = patterns.map(pattern => {
    const tokens = tokensOf(bytesOf(pattern));
    if (!Array.isArray(tokens)) throw new Error(`the pattern ${pattern} ${tokens.wrong}`);
    return tokens;
  });
  return path => all.some(tokens => matchesAnEnd(tokens, path));
}

const bytesOf = (pattern: string): string => Buffer.from(pattern).toString('latin1');

function matchesAnEnd(tokens: Token[], path: string): boolean {
  for (let from = 0; from >= 0; from = path.indexOf('/', from) + 1 || -1) {
    if (matchesFrom(tokens, path, from)) return true;
  }
  return false;
}

/** Goes back to the last star only: what an earlier one could take more of, that one can, too. */
function matchesFrom(tokens: Token[], path: string, from: number): boolean {
  let at = from;
  let token = 0;
  let star = -1;
  let afterStar = 0;
  for (;;) {
    const wanted = tokens[token];
    if (wanted === undefined && (at === path.length || path[at] === '/')) return true;
    if (wanted === 'star') {
      star = token++;
      afterStar = at;
    } else if (at < path.length && wanted !== undefined && isOne(wanted, path.charCodeAt(at))) {
      at++;
      token++;
    } else if (star < 0 || afterStar >= path.length) return false;
    else {
      at = ++afterStar;
      token = star + 1;
    }
  }
}

const isOne = (wanted: Exclude<Token, 'star'>, byte: number): boolean =>
  typeof wanted === 'number' ? wanted === byte : wanted === 'any' || wanted[byte] === 1;

function tokensOf(pattern: string): Token[] | { wrong: string } {
  if (pattern.includes('\0')) return { wrong: 'has a NUL byte' };
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern[at];
    if (sign === '*') {
      if (tokens.at(-1) !== 'star') tokens.push('star');
    } else if (sign === '?') tokens.push('any');
    else if (sign === '[') {
      const end = endOfBracket(pattern, at);
      if (end === undefined) return { wrong: 'has a [ without its ]: write \\[ for a bracket' };
      const bracket = bracketOf(pattern.slice(at + 1, end));
      if (!(bracket instanceof Uint8Array)) return bracket;
      tokens.push(bracket);
      at = end;
    } else {
      if (sign === '\\') at++;
      if (at === pattern.length) return { wrong: 'ends with \\, which stands for nothing' };
      tokens.push(pattern.charCodeAt(at));
    }
  }
  const stars = tokens.filter(token => token === 'star').length;
  if (stars > MOST_STARS) return { wrong: `has ${stars} times *, and may have ${MOST_STARS}` };
  return tokens;
}

/** @returns where the bracket ends that begins at `from`. */
function endOfBracket(pattern: string, from: number): number | undefined {
  let at = from + 1;
  if (pattern[at] === '!' || pattern[at] === '^') at++;
  for (let isFirst = true; at < pattern.length; at++, isFirst = false) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === ']' && !isFirst) return at;
    else if (isClass(pattern, at)) {
      const end = endOfClass(pattern, at);
      if (end < 0) return undefined;
      at = end + 1;
    }
  }
  return undefined;
}

const isClass = (text: string, at: number): boolean =>
  text[at] === '[' && /[:.=]/.test(text[at + 1] ?? '');

const endOfClass = (text: string, at: number): number => text.indexOf(`${text[at + 1]}]`, at + 2);

function bracketOf(inner: string): Uint8Array | { wrong: string } {
  const isNot = /^[!^]/.test(inner);
  const bytes = new Uint8Array(256);
  const add = (from: number, to: number) => bytes.fill(1, from, to + 1);
  for (let at = isNot ? 1 : 0; at < inner.length; at++) {
    if (isClass(inner, at)) {
      const end = endOfClass(inner, at);
      const name = inner.slice(at, end + 2);
      const ranges = name[1] === ':' ? RANGES[name.slice(2, -2)] : undefined;
      if (ranges === undefined) return { wrong: `has ${name}, which is not known` };
      for (let each = 0; each < ranges.length; each += 2) {
        add(ranges.charCodeAt(each), ranges.charCodeAt(each + 1));
      }
      at = end + 1;
      continue;
    }
    if (inner[at] === '\\') at++;
    const from = inner.charCodeAt(at);
    if (inner[at + 1] !== '-' || at + 2 >= inner.length) {
      add(from, from);
      continue;
    }
    at += inner[at + 2] === '\\' ? 3 : 2;
    const to = inner.charCodeAt(at);
    if (isClass(inner, at) || to < from) {
      return { wrong: 'has a range in [ ] that is not from a smaller to a greater sign' };
    }
    add(from, to);
  }
  return isNot ? bytes.map(is => 1 - is) : bytes;
}
