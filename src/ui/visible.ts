/**
 * Characters that move a cursor, end a line, or hide or reverse the text around them. Joiners stay: scripts and emojis need them.
 */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * @param text that whoever writes to a volume has chosen, e.g. the name of a file
 * @returns it with such characters as `\u{202e}`, so that no name looks like another one
 */
export const visible = (text: string): string =>
  text.replace(UNSEEN, each => `\\u{${each.codePointAt(0)!.toString(16)}}`);
