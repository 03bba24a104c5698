/**
 * Characters that a terminal obeys, that end a line, or that hide or reverse the text around them. Joiners stay: scripts and emojis
 * need them.
 */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** @returns a text that a pod or a volume has chosen, with such characters as `\u{1b}` */
export const visible = (text: string): string =>
  text.replace(UNSEEN, each => `\\u{${each.codePointAt(0)?.toString(16)}}`);

/** The same for text of several lines, which stay, as tabs do. */
export const visibleLines = (text: string): string =>
  text.replace(/[^\n\t]+/g, part => visible(part));
