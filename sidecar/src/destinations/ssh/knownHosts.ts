import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** One key that a Secret names, for all servers or for those that its patterns match. */
export interface KnownKey {
  /** Patterns of `known_hosts`; undefined: the line has a key or a fingerprint alone, which is that of this server. */
  hosts: string[] | undefined;
  isRevoked: boolean;
  /** e.g. `ssh-ed25519`; undefined for a fingerprint, which does not say it. */
  type: string | undefined;
  /** As `ssh-keygen -l` shows it: `SHA256:…`. */
  fingerprint: string;
}

/** The identity that a server shows. */
export interface ShownKey {
  host: string;
  port: number;
  /** In the form of SSH: the name of its type, then its numbers. */
  key: Buffer;
}

export type HostKeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked';

const TYPE = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-.+|ssh-dss)$/;
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}=?$/;

/**
 * Reads lines of `known_hosts`, lines of a public key, and fingerprints. Certificates of an authority are passed over:
 * the client does not know them.
 * @throws Error that names the line; it shows nothing of it
 */
export function parseKnownHosts(text: string): KnownKey[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) return [];
    if (words[0] === '@cert-authority') return [];
    const isRevoked = words[0] === '@revoked';
    if (isRevoked) words.shift();
    const found = fingerprintOnly(words, isRevoked) ?? keyOf(words, isRevoked);
    if (!found) throw new Error(`line ${index + 1} is neither a line of known_hosts nor SHA256:…`);
    return [found];
  });
}

function fingerprintOnly(words: string[], isRevoked: boolean): KnownKey | undefined {
  // The output of `ssh-keygen -l` has the number of bits before it.
  const at = /^\d+$/.test(words[0] ?? '') ? 1 : 0;
  const word = words[at] ?? '';
  if (!FINGERPRINT.test(word)) return undefined;
  return { hosts: undefined, isRevoked, type: undefined, fingerprint: word.replace(/=$/, '') };
}

function keyOf(words: string[], isRevoked: boolean): KnownKey | undefined {
  const at = TYPE.test(words[0] ?? '') ? 0 : 1;
  const [type = '', encoded = ''] = words.slice(at);
  const key = Buffer.from(encoded, 'base64');
  if (!TYPE.test(type) || typeOf(key) !== type) return undefined;
  const hosts = at === 0 ? undefined : words[0]?.split(',');
  return { hosts, isRevoked, type, fingerprint: fingerprintOf(key) };
}

/** @returns the name of its type; empty when the bytes are not a key. */
export function typeOf(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length < key.length ? key.toString('latin1', 4, 4 + length) : '';
}

/** @returns what `ssh-keygen -l` shows. */
export const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** @returns the line to add to `known_hosts`. */
export const knownHostsLine = ({ host, port, key }: ShownKey): string =>
  `${nameOf(host, port)} ${typeOf(key)} ${key.toString('base64')}`;

/**
 * Decides whether a server is the one that the Secret means. A key of a type that is not known is a changed one where other
 * keys of this server are known: the types that are known were asked for first, so that the server has none of them.
 */
export function hostKeyVerdict(known: readonly KnownKey[], shown: ShownKey): HostKeyVerdict {
  const fingerprint = fingerprintOf(shown.key);
  const about = keysOfHost(known, shown.host, shown.port);
  const same = about.filter(one => one.fingerprint === fingerprint);
  if (same.some(({ isRevoked }) => isRevoked)) return 'revoked';
  if (same.length > 0) return 'known';
  if (about.some(({ isRevoked }) => !isRevoked)) return 'changed';
  // As ssh does: a line without the port counts when it has this very key, and says nothing otherwise.
  const bare = keysOfHost(known, shown.host, 22).filter(one => one.fingerprint === fingerprint);
  if (bare.some(({ isRevoked }) => isRevoked)) return 'revoked';
  return bare.length > 0 ? 'known' : 'unknown';
}

/** @returns the keys that are known of a server. */
export const keysOfHost = (known: readonly KnownKey[], host: string, port: number): KnownKey[] =>
  known.filter(({ hosts }) => !hosts || matches(hosts, nameOf(host, port)));

const nameOf = (host: string, port: number): string => {
  const plain = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return port === 22 ? plain : `[${plain}]:${port}`;
};

function matches(patterns: string[], name: string): boolean {
  let isMatched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (fits(pattern.slice(1), name)) return false;
    } else isMatched ||= fits(pattern, name);
  }
  return isMatched;
}

function fits(pattern: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|(.+)$/.exec(pattern) ?? [];
  if (salt && hash) {
    const own = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
    const other = Buffer.from(hash, 'base64');
    return own.length === other.length && timingSafeEqual(own, other);
  }
  const source = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`).test(name);
}
