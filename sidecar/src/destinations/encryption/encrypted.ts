import type { Transform } from 'node:stream';
import { pipeline, Readable } from 'node:stream';
import { AgeError } from '../../archive/age/ageError.ts';
import { NONCE_BYTES, payloadKey, plainBytes, sealedBytes } from '../../archive/age/chunks.ts';
import { decrypting } from '../../archive/age/decrypt.ts';
import { encryption, sealedElsewhere } from '../../archive/age/encrypt.ts';
import type { Header } from '../../archive/age/header.ts';
import { checkMac } from '../../archive/age/header.ts';
import { recipientText } from '../../archive/age/keys.ts';
import { partOf } from '../../archive/age/ranges.ts';
import type { Keys, Recipients } from '../../archive/age/wrap.ts';
import { unwrapFileKey } from '../../archive/age/wrap.ts';
import { hashAndCount } from '../../archive/digest.ts';
import { archiveFormOf, archiveOfSnapshot } from '../../archive/name.ts';
import { checkKey } from '../common/key.ts';
import { archiveMissing, streamBroke } from '../common/refusals.ts';
import type { ByteRange, Call, Destination, Staged } from '../destination.ts';
import type { DirectFile, DirectSender } from '../direct.ts';
import { isOtherwise } from '../direct.ts';
import type { PlaceKeys } from './keyRing.ts';
import type { Layout } from './layouts.ts';
import { layouts } from './layouts.ts';
import { ageRefusal, archiveLocked, baseLocked, notEncrypted } from './refusals.ts';

export interface EncryptedOptions {
  whom: Recipients;
  keys: PlaceKeys;
  /** Which keys are encrypted. Default: those that end with `.age`. */
  encrypts?: (key: string) => boolean;
}

/**
 * A destination that takes and gives plain bytes and stores them encrypted, for keys that end with `.age`; others pass.
 *
 * Writing needs public keys only. A file that was written is proven without any secret key: the key of the file, which was made
 * here, is still known, so that the stored bytes are read back and decrypted, which authenticates every one of them. Reading
 * later needs a key that a person has given, except for files whose key is still in `keys`.
 *
 * `stat` gives the size of what is in a file; `list` gives that of the file, because it opens none.
 */
export function encryptedDestination(
  inner: Destination,
  { whom, keys, encrypts = key => key.endsWith('.age') }: EncryptedOptions
): Destination {
  const { layoutOf, forget } = layouts(inner);
  const now = textOfWhom(whom);
  const named = (key: string) => (error: unknown) => ageRefusal(inner.locate(key), error);

  const stage: Destination['stage'] = async (key, body, call = {}) => {
    if (!encrypts(key)) {
      if (!isPlain(key)) return await inner.stage(key, body, call);
      body.destroy();
      throw notEncrypted(inner.locate(key));
    }
    const stored = hashAndCount();
    try {
      checkKey(key);
      if (body.errored) throw body.errored;
      const { stream, fileKey, headerBytes } = await encryption(whom);
      call.signal?.throwIfAborted();
      // The reader of the last stream gets the error of the first that fails.
      pipeline(body, stream, stored, () => undefined);
      const expectedBytes =
        call.expectedBytes === undefined
          ? undefined
          : headerBytes + sealedBytes(call.expectedBytes);
      const { digest } = stored;
      const staged = await inner.stage(key, stored, { ...call, expectedBytes, digest });
      const file = digest();
      const bytes = plainBytes(file.bytes - headerBytes);
      return stagedAs(key, staged, { bytes, stored: file }, fileKey);
    } catch (error) {
      body.destroy();
      stored.destroy();
      throw streamBroke(key, named(key)(error), call.signal);
    }
  };

  /** The sender encrypts: it gets the key of this one file, and no other. */
  const { stageDirect } = inner;
  const stageSealed: Destination['stageDirect'] =
    stageDirect &&
    (async (key, sender, call = {}) => {
      if (!encrypts(key)) {
        if (!isPlain(key)) return await stageDirect(key, sender, call);
        throw notEncrypted(inner.locate(key));
      }
      checkKey(key);
      const {
        terms: age,
        fileKey,
        headerBytes,
      } = await sealedElsewhere(whom).catch(error => {
        throw named(key)(error);
      });
      let sizes: Pick<Staged, 'bytes' | 'stored'> | undefined;
      const sealing: DirectSender = {
        async send(terms, ...rest) {
          const sent = await sender.send({ ...terms, age }, ...rest);
          if (isOtherwise(sent)) return sent;
          const { archive, stored } = sent;
          if (plainBytes(stored.bytes - headerBytes) !== archive.bytes)
            throw new AgeError('payload', 'its length is not that of the archive, encrypted');
          sizes = { bytes: archive.bytes, stored };
          return sent;
        },
      };
      const expectedBytes =
        call.expectedBytes === undefined
          ? undefined
          : headerBytes + sealedBytes(call.expectedBytes);
      const staged = await stageDirect(key, sealing, { ...call, expectedBytes });
      if (isOtherwise(staged)) return staged;
      if (!sizes) throw new Error('the sender has not said what it sent');
      return stagedAs(key, staged, sizes, fileKey);
    });

  /** The reader decrypts: it gets the key of the chunks of each file, and no other. */
  const { readDirect } = inner;
  const readSealed: Destination['readDirect'] =
    readDirect &&
    (async (keys, call = {}) => {
      const reads = await readDirect(keys, call);
      if (isOtherwise(reads)) return reads;
      const files: DirectFile[] = [];
      for (const [at, { bytes }] of reads.files.entries())
        files.push(await sealedFile(keys[at] ?? '', bytes, call));
      return { ...reads, files };
    });

  async function sealedFile(key: string, bytes: number, call: Call): Promise<DirectFile> {
    if (!encrypts(key)) return { bytes };
    try {
      const layout = await layoutOf(key, call);
      if (!layout) throw archiveMissing(inner.locate(key));
      const { header, nonce, stored } = layout;
      plainBytes(stored.bytes - header.bytes); // throws for a length that no encrypted file has
      const chunkKey = payloadKey(await fileKeyOf(key, header), nonce);
      const age = { begin: header.bytes + NONCE_BYTES, key: chunkKey.toString('base64') };
      return { bytes: stored.bytes, age };
    } catch (error) {
      throw named(key)(error);
    }
  }

  const stagedAs = (
    key: string,
    staged: Staged,
    sizes: Pick<Staged, 'bytes' | 'stored'>,
    fileKey: Buffer
  ): Staged => ({
    ...staged,
    ...sizes,
    async readBack(call) {
      const { body, readFrom } = await staged.readBack(call);
      const plain = decrypting(header => proven(header, fileKey), named(key));
      return { body: decrypted(body, plain), readFrom };
    },
    async publish(call) {
      await staged.publish(call);
      if (archiveOfSnapshot(key) === undefined) keys.keep(key, fileKey);
      else keys.keepBase(key, fileKey, now);
    },
  });

  /** @throws StageError `ArchiveLocked`; AgeError */
  async function fileKeyOf(key: string, header: Header): Promise<Buffer> {
    if (archiveOfSnapshot(key) !== undefined) return await baseKeyOf(key, header);
    const known = keys.fileKey(key);
    if (known && isProven(header, known)) return known;
    const held = keys.given();
    const given = withOwn(held);
    if (given.identities.length + given.passphrases.length === 0)
      throw archiveLocked(inner.locate(key), inner.id);
    const fileKey = await unwrapFileKey(header, given);
    // It takes a while, in which the destination may have been locked.
    if (keys.given() === held) keys.keep(key, fileKey);
    return fileKey;
  }

  /** See `PlaceKeys`. @throws StageError `ArchiveLocked`; AgeError */
  async function baseKeyOf(key: string, header: Header): Promise<Buffer> {
    const known = keys.baseKey(key, now);
    if (known && isProven(header, known)) return known;
    if (!('passphrase' in whom)) throw baseLocked(inner.locate(key));
    return await unwrapFileKey(header, { identities: [], passphrases: [whom.passphrase] });
  }

  const withOwn = ({ identities, passphrases }: Keys): Keys => {
    const own = 'passphrase' in whom ? [whom.passphrase] : [];
    return { identities, passphrases: [...new Set([...own, ...passphrases])] };
  };

  async function openPart(
    key: string,
    { header, nonce, stored }: Layout,
    fileKey: Buffer,
    range: ByteRange,
    call: Call
  ): Promise<Readable> {
    const file = { headerBytes: header.bytes, fileBytes: stored.bytes };
    const part = partOf({ ...file, key: payloadKey(fileKey, nonce) }, range, named(key));
    if (!part) return Readable.from([], { objectMode: false });
    return decrypted(await inner.open(key, { ...call, range: part.range }), part.stream);
  }

  return {
    ...inner,
    stage,
    ...(stageSealed && { stageDirect: stageSealed }),
    ...(readSealed && { readDirect: readSealed }),
    async put(key, text, call) {
      if (!encrypts(key)) return await inner.put(key, text, call);
      const body = Readable.from([Buffer.from(text)], { objectMode: false });
      await (await stage(key, body, call)).publish(call);
    },
    async stat(key, call = {}) {
      if (!encrypts(key)) return await inner.stat(key, call);
      checkKey(key);
      try {
        const layout = await layoutOf(key, call);
        if (!layout) return undefined;
        const { stored, header } = layout;
        return { ...stored, bytes: plainBytes(stored.bytes - header.bytes) };
      } catch (error) {
        // It is there, and is no encrypted file: its size is then another one than that of the archive.
        if (error instanceof AgeError) return await inner.stat(key, call);
        throw error;
      }
    },
    async open(key, call = {}) {
      if (!encrypts(key)) return await inner.open(key, call);
      checkKey(key);
      const { range, ...rest } = call;
      try {
        const layout = await layoutOf(key, rest);
        if (!layout) throw archiveMissing(inner.locate(key));
        const fileKey = await fileKeyOf(key, layout.header);
        if (range) return await openPart(key, layout, fileKey, range, rest);
        const plain = decrypting(header => proven(header, fileKey), named(key));
        return decrypted(await inner.open(key, rest), plain);
      } catch (error) {
        throw named(key)(error);
      }
    },
    async remove(key, call) {
      await inner.remove(key, call);
      forget(key);
      keys.forget(key);
    },
  };
}

/** Archives and indexes that an earlier setting has left are read, and none is added. */
const isPlain = (key: string): boolean =>
  archiveFormOf(key) !== undefined || key.endsWith('.index.gz');

const textOfWhom = (whom: Recipients): string =>
  'passphrase' in whom
    ? `passphrase ${whom.passphrase}`
    : whom.recipients.map(recipientText).sort().join(' ');

/** A failure of `body` ends what comes out with the same error. */
function decrypted(body: Readable, plain: Transform): Readable {
  pipeline(body, plain, () => undefined);
  return plain;
}

function proven(header: Header, fileKey: Buffer): Buffer {
  checkMac(header, fileKey);
  return fileKey;
}

/** A file of the same name may have been stored again. */
function isProven(header: Header, fileKey: Buffer): boolean {
  try {
    checkMac(header, fileKey);
    return true;
  } catch {
    return false;
  }
}
