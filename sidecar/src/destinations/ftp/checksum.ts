import type { Session } from './session.ts';

/** A checksum that the server computes of what it holds. */
export interface ServerChecksum {
  /** For `createHash`. */
  algorithm: 'sha256' | 'sha512' | 'sha1' | 'md5';
  /** @returns the commands that ask for it, in their order; the last answer has it in hexadecimal. */
  commands(name: string): string[];
  /** For people. */
  by: string;
}

const OF_HASH: Record<string, ServerChecksum['algorithm']> = {
  'SHA-256': 'sha256',
  'SHA-512': 'sha512',
  'SHA-1': 'sha1',
  MD5: 'md5',
};

/** The strongest first. */
const X: [string, ServerChecksum['algorithm']][] = [
  ['XSHA256', 'sha256'],
  ['XSHA512', 'sha512'],
  ['XSHA1', 'sha1'],
  ['XSHA', 'sha1'],
  ['XMD5', 'md5'],
];

/** @returns the best checksum that a server offers (`FEAT`); undefined: none. CRC32 is too short to prove an archive. */
export function checksumOf(features: Session['features']): ServerChecksum | undefined {
  const offered = (features.get('HASH') ?? '').split(';').map(name => name.replace('*', '').trim());
  const name = Object.keys(OF_HASH).find(one => offered.includes(one));
  const algorithm = name && OF_HASH[name];
  if (algorithm)
    return {
      algorithm,
      commands: path => [`OPTS HASH ${name}`, `HASH ${path}`],
      by: `${name} of the server (HASH)`,
    };
  const extended = X.find(([command]) => features.has(command));
  if (!extended) return undefined;
  const [command, its] = extended;
  return {
    algorithm: its,
    commands: path => [`${command} ${path}`],
    by: `${command} of the server`,
  };
}

const DIGITS = { sha256: 64, sha512: 128, sha1: 40, md5: 32 };

/** @returns the checksum in an answer, in small letters; undefined when there is none of the right length. */
export const checksumIn = (
  message: string,
  algorithm: ServerChecksum['algorithm']
): string | undefined =>
  new RegExp(`(?<![0-9a-f])[0-9a-f]{${DIGITS[algorithm]}}(?![0-9a-f])`, 'i')
    .exec(message)?.[0]
    .toLowerCase();
