/** A key pair of age (age-encryption.org/v1, X25519), as `age-keygen` writes it. */
export interface AgeKeyPair {
  /** `age1…`: encrypts. Anybody may see it. */
  recipient: string;
  /** `AGE-SECRET-KEY-1…`: decrypts. */
  identity: string;
}

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const KEY_BYTES = 32;
const CHECKSUM_LETTERS = 6;

/** The checksum of Bech32 (BIP 173). */
function polymod(values: number[]): number {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  return values.reduce((sum, value) => {
    const next = ((sum & 0x1ffffff) << 5) ^ value;
    return generators.reduce(
      (all, generator, bit) => ((sum >> 25) & (1 << bit) ? all ^ generator : all),
      next
    );
  }, 1);
}

const spread = (prefix: string): number[] => {
  const codes = Array.from(prefix, letter => letter.charCodeAt(0));
  return [...codes.map(code => code >> 5), 0, ...codes.map(code => code & 31)];
};

/** Bits of bytes in groups of five; the last one is filled up with zeros. */
function fives(bytes: Uint8Array): number[] {
  const groups: number[] = [];
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) groups.push((held >> (bits - 5)) & 31);
    held &= 0xff;
  }
  if (bits > 0) groups.push((held << (5 - bits)) & 31);
  return groups;
}

/** @param prefix in lower case. */
export function bech32(prefix: string, bytes: Uint8Array): string {
  const data = fives(bytes);
  const sum = polymod([...spread(prefix), ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const checksum = Array.from(
    { length: CHECKSUM_LETTERS },
    (_, at) => (sum >> (5 * (5 - at))) & 31
  );
  return `${prefix}1${[...data, ...checksum].map(each => LETTERS[each]).join('')}`;
}

const LONG_ENOUGH = Math.ceil((KEY_BYTES * 8) / 5) + CHECKSUM_LETTERS;

/** Whether a text is a recipient of age: a mistyped letter does not pass. */
export function isRecipient(text: string): boolean {
  const [prefix = '', data = '', ...rest] = text.split('1');
  const values = Array.from(data, letter => LETTERS.indexOf(letter));
  return (
    prefix === 'age' &&
    rest.length === 0 &&
    data.length === LONG_ENOUGH &&
    !values.includes(-1) &&
    polymod([...spread(prefix), ...values]) === 1
  );
}

/** Whether this browser can make keys: older ones do not know X25519, and none does on a page over plain HTTP. */
export const canMakeKeys = async (): Promise<boolean> =>
  (await makeKeyPair().catch(() => undefined)) !== undefined;

/** Makes a key pair with the browser's own cryptography. @throws Error where it has no X25519. */
export async function makeKeyPair(): Promise<AgeKeyPair> {
  const { subtle } = crypto;
  const pair = (await subtle.generateKey({ name: 'X25519' }, true, [
    'deriveBits',
  ])) as CryptoKeyPair;
  const recipient = new Uint8Array(await subtle.exportKey('raw', pair.publicKey));
  // PKCS #8 of X25519 (RFC 8410) ends with the key itself.
  const identity = new Uint8Array(await subtle.exportKey('pkcs8', pair.privateKey)).slice(
    -KEY_BYTES
  );
  return {
    recipient: bech32('age', recipient),
    identity: bech32('age-secret-key-', identity).toUpperCase(),
  };
}

/** @returns what `age-keygen` would write into a file. */
export const keyFile = ({ recipient, identity }: AgeKeyPair, madeAt: Date): string =>
  `# created: ${madeAt.toISOString()}\n# public key: ${recipient}\n${identity}\n`;
