import { createHash } from 'node:crypto';
import type { StageCall } from '../destination.ts';

/** The checksum of what is sent to a storage. */
export interface SentDigest {
  /** Sees each chunk. */
  update(chunk: Uint8Array): void;
  /** @returns it in lower-case hexadecimal, when all was sent. */
  hex(): string;
}

/** @returns what computes it, or takes it from a caller that has computed it. */
export function sentDigest({ digest }: StageCall, algorithm = 'sha256'): SentDigest {
  if (digest && algorithm === 'sha256')
    return { update: () => undefined, hex: () => digest().sha256 };
  const hash = createHash(algorithm);
  return { update: chunk => hash.update(chunk), hex: () => hash.digest('hex') };
}
