import { randomInt } from 'node:crypto';

/** No vowels and nothing that looks alike, as in k8s.io/apimachinery/pkg/util/rand. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** @returns a random ending of a name. */
export const randomSuffix = (length = 5): string =>
  Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('');

/** @returns the same ending for the same text, e.g. the pod-template-hash of a template. */
export function hashSuffix(text: string): string {
  let hash = 0x811c9dc5; // FNV-1a
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return [...String(hash)].map(digit => LETTERS[Number(digit)]).join('');
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** @param isFree names of roles and their bindings may hold colons and capitals. @returns what is wrong with a name. */
export function nameProblem(name: string, isFree: boolean): string | undefined {
  if (isFree) return /[/%]|^\.{1,2}$/.test(name) ? "may not contain '/' or '%'" : undefined;
  if (name.length > 253) return 'must be no more than 253 characters';
  return SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_TEXT;
}
