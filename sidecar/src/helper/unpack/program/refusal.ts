const LONGEST_NAME = 400;

/**
 * Why an archive is not unpacked any further. The message names no file: it is shown to people who may not look into the
 * archive.
 */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  /** The path that it is about, as people read it. */
  readonly entry: string | null;

  /** @param path as bytes (`latin1`) */
  constructor(reason: RefusalReason, message: string, path?: string) {
    super(message);
    this.reason = reason;
    this.entry = path === undefined ? null : nameOf(path);
  }
}

export type RefusalReason =
  | 'ArchiveHostile'
  | 'ArchiveDamaged'
  | 'ArchiveTruncated'
  | 'ArchiveUnsupported'
  | 'ArchiveEmpty'
  | 'ArchiveNotAsSealed'
  | 'ArchiveTooBig'
  | 'ChainBroken'
  | 'VolumeNotEmpty'
  | 'VolumeInTheWay';

/** @returns bytes (one a character, `latin1`) as people read them: UTF-8, everything else escaped. */
export function shown(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1');
  const text = buffer.toString('utf8');
  const isText = !text.includes('\uFFFD') || Buffer.from(text, 'utf8').equals(buffer);
  return isText
    ? text.replaceAll('\\', '\\\\').replace(/[\0-\x1f\x7f]/g, octal)
    : bytes.replaceAll('\\', '\\\\').replace(/[\0-\x1f\x7f-\xff]/g, octal);
}

/** @returns a path as people read it, not too long; the root is `.`. */
export function nameOf(path: string): string {
  const name = shown(path === '' ? '.' : path);
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}

const octal = (character: string): string =>
  `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
