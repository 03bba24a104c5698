import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { AgeError, badHeader } from './ageError.ts';
import type { Header, Stanza } from './header.ts';
import { base64, checkMac, derive, FILE_KEY_BYTES, fromBase64 } from './header.ts';
import type { Identity, Recipient } from './keys.ts';
import { newIdentity, sharedSecret } from './keys.ts';

/** Whom a file is encrypted for. A passphrase stands alone: the format allows nobody beside it. */
export type Recipients = { recipients: readonly Recipient[] } | { passphrase: string };

/** The keys that decrypt files. */
export interface Keys {
  identities: readonly Identity[];
  passphrases: readonly string[];
}

/**
 * The work factor of a passphrase, as a power of two: 2^16 takes 64 MiB and about a fifth of a second, for each archive and each
 * index. Files of the age command have 18.
 */
const WORK_FACTOR = 16;
/** 2^18 takes 256 MiB. */
const MAX_WORK_FACTOR = 18;

const X25519 = 'X25519';
const SCRYPT = 'scrypt';
const X25519_USE = 'age-encryption.org/v1/X25519';
const SCRYPT_USE = 'age-encryption.org/v1/scrypt';
const SALT_BYTES = 16;
const TAG_BYTES = 16;
const ZERO_NONCE = Buffer.alloc(12);

/** @returns the stanzas that give `fileKey` to each recipient. @throws AgeError (`key`). */
export async function wrapFileKey(fileKey: Buffer, whom: Recipients): Promise<Stanza[]> {
  if ('passphrase' in whom) return [await scryptStanza(fileKey, whom.passphrase)];
  if (whom.recipients.length === 0) throw new AgeError('key', 'there is no public key');
  return whom.recipients.map(recipient => x25519Stanza(fileKey, recipient));
}

/**
 * @returns the key of the file, once one of `keys` opens it and it proves the header
 * @throws AgeError `no-match`; `header`, also when a stanza that is not meant for us is malformed; `mac`; `too-costly`
 */
export async function unwrapFileKey(
  header: Header,
  keys: Keys,
  maxWorkFactor = MAX_WORK_FACTOR
): Promise<Buffer> {
  const { stanzas } = header;
  if (stanzas.length > 1 && stanzas.some(({ type }) => type === SCRYPT))
    throw badHeader('it has a passphrase and other recipients, which the format forbids');
  const readable = stanzas.flatMap(stanza => openerOf(stanza, keys, maxWorkFactor) ?? []);
  for (const open of readable) {
    const fileKey = await open();
    if (!fileKey) continue;
    checkMac(header, fileKey);
    return fileKey;
  }
  throw new AgeError('no-match', 'none of the keys decrypts it');
}

/** @returns undefined for a kind of stanza that is not known. @throws AgeError for one that is malformed. */
function openerOf(
  stanza: Stanza,
  { identities, passphrases }: Keys,
  maxWorkFactor: number
): (() => Promise<Buffer | undefined>) | undefined {
  switch (stanza.type) {
    case X25519: {
      const open = x25519Opener(stanza);
      return async () => firstOf(identities, async identity => open(identity));
    }
    case SCRYPT: {
      const open = scryptOpener(stanza, passphrases.length > 0 ? maxWorkFactor : Infinity);
      return async () => firstOf(passphrases, open);
    }
    default:
      return undefined;
  }
}

async function firstOf<Key>(
  keys: readonly Key[],
  open: (key: Key) => Promise<Buffer | undefined>
): Promise<Buffer | undefined> {
  for (const key of keys) {
    const fileKey = await open(key);
    if (fileKey) return fileKey;
  }
  return undefined;
}

function x25519Stanza(fileKey: Buffer, { publicKey }: Recipient): Stanza {
  const share = newIdentity();
  const salt = Buffer.concat([share.publicKey, publicKey]);
  const key = derive(sharedSecret(share.secretKey, publicKey), salt, X25519_USE);
  return { type: X25519, args: [base64(share.publicKey)], body: seal(key, fileKey) };
}

function x25519Opener({ args, body }: Stanza): (identity: Identity) => Buffer | undefined {
  const share = fromBase64(args[0] ?? '');
  if (args.length !== 1 || share?.length !== 32 || body.length !== FILE_KEY_BYTES + TAG_BYTES)
    throw badHeader('an X25519 recipient in its header is malformed');
  return ({ secretKey, publicKey }) => {
    let secret: Buffer;
    try {
      secret = sharedSecret(secretKey, share);
    } catch (error) {
      throw badHeader('an X25519 recipient in its header is malformed', { cause: error });
    }
    return unseal(derive(secret, Buffer.concat([share, publicKey]), X25519_USE), body);
  };
}

async function scryptStanza(fileKey: Buffer, passphrase: string): Promise<Stanza> {
  const salt = randomBytes(SALT_BYTES);
  const key = await stretch(passphrase, salt, WORK_FACTOR);
  return { type: SCRYPT, args: [base64(salt), String(WORK_FACTOR)], body: seal(key, fileKey) };
}

function scryptOpener(
  { args, body }: Stanza,
  maxWorkFactor: number
): (passphrase: string) => Promise<Buffer | undefined> {
  const [saltText = '', workText = ''] = args;
  const salt = fromBase64(saltText);
  if (
    args.length !== 2 ||
    salt?.length !== SALT_BYTES ||
    body.length !== FILE_KEY_BYTES + TAG_BYTES
  )
    throw badHeader('the passphrase in its header is malformed');
  if (!/^[1-9][0-9]?$/.test(workText)) throw badHeader('the cost of its passphrase is malformed');
  const workFactor = Number(workText);
  if (workFactor > maxWorkFactor)
    throw new AgeError(
      'too-costly',
      `its passphrase has the work factor ${workFactor}, and ${maxWorkFactor} is the most that is tried`
    );
  return async passphrase => unseal(await stretch(passphrase, salt, workFactor), body);
}

/** One after the other: each takes tens or hundreds of MiB. */
let stretching: Promise<unknown> = Promise.resolve();

function stretch(passphrase: string, salt: Buffer, workFactor: number): Promise<Buffer> {
  const N = 2 ** workFactor;
  const work = () =>
    promisify<string, Buffer, number, object, Buffer>(scrypt)(
      passphrase,
      Buffer.concat([Buffer.from(SCRYPT_USE), salt]),
      32,
      { N, r: 8, p: 1, maxmem: 128 * 8 * N + 1024 * 1024 }
    );
  const mine = stretching.then(work, work);
  stretching = mine.catch(() => undefined);
  return mine;
}

/** Each of these keys encrypts one file key and nothing else, so that the nonce may be zero. */
function seal(key: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, ZERO_NONCE, { authTagLength: TAG_BYTES });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function unseal(key: Buffer, sealed: Buffer): Buffer | undefined {
  const decipher = createDecipheriv('chacha20-poly1305', key, ZERO_NONCE, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined; // it is meant for another key
  }
}
