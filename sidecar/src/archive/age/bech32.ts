const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CHECKSUM_LETTERS = 6;

/** @returns BIP 173's text of `data`, in lower case. */
export function bech32Encode(prefix: string, data: Uint8Array): string {
  const values = regroup(data, 8, 5, true) ?? [];
  const checksum = polymod([...expand(prefix), ...values, 0, 0, 0, 0, 0, 0]) ^ 1;
  const ends = Array.from(
    { length: CHECKSUM_LETTERS },
    (_, at) => (checksum >> (5 * (5 - at))) & 31
  );
  return `${prefix}1${[...values, ...ends].map(value => LETTERS.charAt(value)).join('')}`;
}

/** @returns undefined where `text` is not of BIP 173, or mixes upper and lower case. Any length is taken, as age does. */
export function bech32Decode(text: string): { prefix: string; data: Buffer } | undefined {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return undefined;
  const separator = lower.lastIndexOf('1');
  if (separator < 1 || separator + CHECKSUM_LETTERS + 1 > lower.length) return undefined;
  const prefix = lower.slice(0, separator);
  if (!/^[\x21-\x7e]+$/.test(prefix)) return undefined;
  const values = [...lower.slice(separator + 1)].map(letter => LETTERS.indexOf(letter));
  if (values.includes(-1) || polymod([...expand(prefix), ...values]) !== 1) return undefined;
  const data = regroup(values.slice(0, -CHECKSUM_LETTERS), 5, 8, false);
  return data && { prefix, data: Buffer.from(data) };
}

function polymod(values: number[]): number {
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    for (const [bit, term] of GENERATOR.entries()) if ((top >>> bit) & 1) checksum ^= term;
  }
  return checksum;
}

const expand = (prefix: string): number[] => {
  const codes = [...prefix].map(letter => letter.charCodeAt(0));
  return [...codes.map(code => code >> 5), 0, ...codes.map(code => code & 31)];
};

/** Groups of `from` bits as groups of `to` bits. @returns undefined where bits are left that are not padding. */
function regroup(
  values: Iterable<number>,
  from: number,
  to: number,
  pad: boolean
): number[] | undefined {
  const groups: number[] = [];
  let [held, bits] = [0, 0];
  for (const value of values) {
    held = ((held << from) | value) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      groups.push((held >> bits) & ((1 << to) - 1));
    }
  }
  const rest = (held << (to - bits)) & ((1 << to) - 1);
  if (pad) return bits > 0 ? [...groups, rest] : groups;
  return bits >= from || rest !== 0 ? undefined : groups;
}
