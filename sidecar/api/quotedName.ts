import { visible } from './visible.ts';

/** Characters of names of users that nobody takes for words around them. */
const PLAIN = /^[\p{L}\p{N}._@:/\\+=#~|,-]+$/u;

/**
 * @returns the name of a user for a text: in quotes where it holds spaces, brackets or quotes. So nobody is called
 * `ann of cluster edge` in it but user `ann` of that cluster.
 */
export const quotedName = (name: string): string =>
  PLAIN.test(name) ? name : visible(JSON.stringify(name));
