import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** Proof that two archives are the same. */
export interface Digest {
  bytes: number;
  /** Lower-case hexadecimal. */
  sha256: string;
}

/** A stage of a pipeline that passes everything on, and knows what it was in the end. */
export interface HashAndCount extends Transform {
  /** @throws Error before the stream has come to its end: part of an archive has no digest. */
  digest(): Digest;
}

/**
 * Counts and hashes what flows through, e.g. `await pipeline(body, hashAndCount(), sink, { signal })`.
 * @param onProgress gets the bytes seen so far, once a chunk: whoever shows them slows that down
 */
export function hashAndCount(onProgress: (bytes: number) => void = () => {}): HashAndCount {
  const hash = createHash('sha256');
  let bytes = 0;
  let result: Digest | undefined;
  const stage = new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      hash.update(chunk);
      bytes += chunk.length;
      onProgress(bytes);
      pass(null, chunk);
    },
    flush(pass) {
      result = { bytes, sha256: hash.digest('hex') };
      pass();
    },
  });
  return Object.assign(stage, {
    digest() {
      if (!result) throw new Error(`stream has not ended; ${bytes} bytes were seen`);
      return result;
    },
  });
}
