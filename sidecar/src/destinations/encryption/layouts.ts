import { buffer } from 'node:stream/consumers';
import { badHeader } from '../../archive/age/ageError.ts';
import { NONCE_BYTES } from '../../archive/age/chunks.ts';
import type { Header } from '../../archive/age/header.ts';
import { MAX_HEADER_BYTES, readHeader } from '../../archive/age/header.ts';
import type { Call, Destination, Stored } from '../destination.ts';

/** The header of an encrypted file. Nothing in it is secret. */
export interface Layout {
  stored: Stored;
  header: Header;
  nonce: Buffer;
}

/** Enough for twenty public keys. */
const FIRST_READ_BYTES = 4 * 1024;

/** How many are kept: a person who looks into an archive reads many parts of it. */
const MOST_LAYOUTS = 128;

export interface Layouts {
  /**
   * @returns undefined when the key is not there
   * @throws AgeError (`header`) when the file does not begin like one of age; StageError
   */
  layoutOf(key: string, call: Call): Promise<Layout | undefined>;
  forget(key: string): void;
}

/** Reads the beginnings of encrypted files, each once for as long as the file is the same. */
export function layouts(of: Destination): Layouts {
  const known = new Map<string, Layout>();

  async function read(key: string, stored: Stored, call: Call): Promise<Layout> {
    for (const bytes of [FIRST_READ_BYTES, MAX_HEADER_BYTES + NONCE_BYTES]) {
      const range = { start: 0, end: Math.min(bytes, stored.bytes) - 1 };
      const beginning =
        stored.bytes === 0 ? Buffer.alloc(0) : await buffer(await of.open(key, { ...call, range }));
      const header = readHeader(beginning);
      const end = (header?.bytes ?? Infinity) + NONCE_BYTES;
      if (header && beginning.length >= end)
        return { stored, header, nonce: beginning.subarray(header.bytes, end) };
      if (stored.bytes <= bytes) break;
    }
    throw badHeader('it ends before its header does');
  }

  return {
    async layoutOf(key, call) {
      const stored = await of.stat(key, call);
      if (!stored) return undefined;
      const cached = known.get(key)?.stored;
      const isSame =
        cached?.bytes === stored.bytes &&
        cached.modifiedAt.getTime() === stored.modifiedAt.getTime();
      const layout = (isSame && known.get(key)) || (await read(key, stored, call));
      known.delete(key); // the newest is last
      known.set(key, layout);
      const [oldest] = known.keys();
      if (known.size > MOST_LAYOUTS && oldest !== undefined) known.delete(oldest);
      return layout;
    },
    forget: key => void known.delete(key),
  };
}
