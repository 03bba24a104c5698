import { Refusal } from './refusal.ts';

/** Longest name of one file (NAME_MAX). */
const NAME_MAX = 255;

/**
 * The path of an entry below the root of the volume: no `.`, no double `/`, no `/` at the end. The root is empty.
 * @throws Refusal when it leads out of the volume.
 */
export function safePath(raw: string, of: string): string {
  if (raw === '') throw hostile(raw, of, 'is empty');
  if (raw.includes('\0')) throw hostile(raw, of, 'contains a NUL byte');
  if (raw.startsWith('/')) throw hostile(raw, of, 'is absolute');
  const parts = raw.split('/').filter(part => part !== '' && part !== '.');
  if (parts.includes('..')) throw hostile(raw, of, 'leads upwards (..)');
  const long = parts.find(part => part.length > NAME_MAX);
  if (long) {
    throw hostile(raw, of, `has a part of ${long.length} bytes, more than ${NAME_MAX}`);
  }
  return parts.join('/');
}

const hostile = (raw: string, of: string, what: string): Refusal =>
  new Refusal('ArchiveHostile', `the ${of} of an entry ${what}`, raw);
