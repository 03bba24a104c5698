import { isMap, LineCounter, parseDocument, visit } from 'yaml';

/** A kubeconfig of one cluster has 10 KiB; one with many contexts some 100. */
export const LONGEST_KUBECONFIG = 128 * 1024;

/**
 * The parser takes minutes for some texts of that length that are not kubeconfigs: 100,000 commas, or brackets in each other. A
 * kubeconfig is mostly base64, which has none of the characters that mean something in YAML.
 */
const MOST_LINES = 4_000;
const MOST_SIGNS = 4_000;
const SIGNS = /[^\w\s+/=.-]/g;
const MOST_BRACKETS_OPEN = 32;
const MANY_ON_ONE_LINE = /(?:[-?:][ \t]+){8}/;

/** A value in YAML, where every scalar is text. */
export type YamlText = string | YamlText[] | { [key: string]: YamlText };

/**
 * Reads YAML that someone else wrote. It has no anchors, so that it cannot grow, and no tags, so that it makes no objects; it
 * is one document with unique keys.
 *
 * @returns its map, or what is wrong with it; no part of the text is in that.
 */
export function readYamlText(
  text: string
): { map: { [key: string]: YamlText } } | { wrong: string } {
  const size = whyTooMuch(text);
  if (size !== undefined) return { wrong: size };
  const lineCounter = new LineCounter();
  try {
    const document = parseDocument(text, {
      schema: 'failsafe', // text, lists and maps, and nothing else
      version: '1.2',
      merge: false,
      uniqueKeys: true,
      stringKeys: true,
      prettyErrors: false, // they would quote the text
      lineCounter,
    });
    let found: string | undefined;
    visit(document, {
      Alias: () => void (found = 'has an alias (*), which NKVM does not follow'),
      Node(_, node) {
        const { anchor, tag } = node as { anchor?: string; tag?: string };
        if (anchor) found = 'has an anchor (&), which NKVM does not follow';
        if (tag) found = 'has a tag (!), which NKVM does not follow';
      },
    });
    if (found) return { wrong: found };
    const [error] = document.errors;
    if (error)
      return { wrong: `is not valid YAML at line ${lineCounter.linePos(error.pos[0]).line}` };
    if (!isMap(document.contents)) return { wrong: 'is not a map of keys and values' };
    return { map: document.toJS({ maxAliasCount: 0 }) as { [key: string]: YamlText } };
  } catch (error) {
    if (error instanceof RangeError) return { wrong: TOO_DEEP };
    throw error;
  }
}

const TOO_DEEP = 'is nested too deeply';

function whyTooMuch(text: string): string | undefined {
  if (Buffer.byteLength(text) > LONGEST_KUBECONFIG)
    return `is longer than ${LONGEST_KUBECONFIG / 1024} KiB`;
  if ((text.match(/\n|\r/g)?.length ?? 0) > MOST_LINES) return `has more than ${MOST_LINES} lines`;
  if (MANY_ON_ONE_LINE.test(text)) return TOO_DEEP;
  const signs = text.match(SIGNS) ?? [];
  if (signs.length > MOST_SIGNS) return 'has more punctuation than a kubeconfig has';
  let open = 0;
  for (const sign of signs) {
    if (sign === '[' || sign === '{') open += 1;
    if (sign === ']' || sign === '}') open = Math.max(0, open - 1);
    if (open > MOST_BRACKETS_OPEN) return TOO_DEEP;
  }
  return undefined;
}
