import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { AgeError } from './ageError.ts';
import { bech32Decode, bech32Encode } from './bech32.ts';

/** A public key, 32 bytes of X25519: whoever has it can encrypt, and not decrypt. */
export interface Recipient {
  publicKey: Buffer;
}

/** A secret key, 32 bytes of X25519, and its public key. */
export interface Identity extends Recipient {
  secretKey: Buffer;
}

const RECIPIENT_PREFIX = 'age';
const IDENTITY_PREFIX = 'age-secret-key-';
const KEY_BYTES = 32;

/** The bytes before the 32 bytes of an X25519 key in DER (RFC 8410). */
const SECRET_DER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex');

/**
 * @param text `age1…`, one on a line; lines that begin with # are comments
 * @throws AgeError (`key`) that names the line, and quotes no secret key
 */
export const parseRecipients = (text: string): Recipient[] =>
  keyLines(text).map(({ line, at }) => {
    if (/^age-secret-key-/i.test(line))
      throw new AgeError('key', `line ${at} is a secret key; its public key, age1…, belongs there`);
    const decoded = bech32Decode(line);
    if (decoded?.prefix !== RECIPIENT_PREFIX || decoded.data.length !== KEY_BYTES)
      throw new AgeError('key', `line ${at} is not an age public key (age1…)`);
    return { publicKey: decoded.data };
  });

/**
 * @param text `AGE-SECRET-KEY-1…`, one on a line, as age-keygen writes it; lines that begin with # are comments
 * @throws AgeError (`key`) that names the line, and quotes nothing of it
 */
export const parseIdentities = (text: string): Identity[] =>
  keyLines(text).map(({ line, at }) => {
    const decoded = line === line.toUpperCase() ? bech32Decode(line) : undefined;
    if (decoded?.prefix !== IDENTITY_PREFIX || decoded.data.length !== KEY_BYTES)
      throw new AgeError('key', `line ${at} is not an age secret key (AGE-SECRET-KEY-1…)`);
    return identityOf(decoded.data);
  });

/** @returns a new key pair. */
export function newIdentity(): Identity {
  const { privateKey } = generateKeyPairSync('x25519');
  return identityOf(privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-KEY_BYTES));
}

export const recipientText = ({ publicKey }: Recipient): string =>
  bech32Encode(RECIPIENT_PREFIX, publicKey);

export const identityText = ({ secretKey }: Identity): string =>
  bech32Encode(IDENTITY_PREFIX, secretKey).toUpperCase();

/** @returns the secret that two keys have in common. @throws AgeError (`key`) for a public key that gives none. */
export function sharedSecret(secretKey: Buffer, publicKey: Buffer): Buffer {
  try {
    // OpenSSL refuses points of low order, whose secret is zero for every key.
    return diffieHellman({
      privateKey: secretKeyObject(secretKey),
      publicKey: publicKeyObject(publicKey),
    });
  } catch (error) {
    throw new AgeError('key', 'a public key has no secret in common with others', { cause: error });
  }
}

function identityOf(secretKey: Buffer): Identity {
  const der = createPublicKey(secretKeyObject(secretKey)).export({ type: 'spki', format: 'der' });
  return { secretKey, publicKey: der.subarray(-KEY_BYTES) };
}

const secretKeyObject = (key: Buffer) =>
  createPrivateKey({ key: Buffer.concat([SECRET_DER, key]), format: 'der', type: 'pkcs8' });

const publicKeyObject = (key: Buffer) =>
  createPublicKey({ key: Buffer.concat([PUBLIC_DER, key]), format: 'der', type: 'spki' });

const keyLines = (text: string): { line: string; at: number }[] =>
  text
    .split('\n')
    .map((each, index) => ({ line: each.trim(), at: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
