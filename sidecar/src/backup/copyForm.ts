import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { constants, createGunzip, createGzip } from 'node:zlib';
import type { Digest } from '../archive/digest.ts';
import { hashAndCount } from '../archive/digest.ts';
import type { ArchiveForm } from '../archive/name.ts';

/**
 * Turns an archive of one form into one of another: a destination that stores the tar itself takes no gzip, and everything
 * else takes nothing but gzip, whose name its key has.
 * @param body as the source gives it; encryption is none of it
 * @returns what is to be stored, and its digest when it has come to its end; none where it is `body` itself
 */
export function packedAs(
  body: Readable,
  from: ArchiveForm,
  to: ArchiveForm
): { stream: Readable; digest?: () => Digest } {
  if ((from === 'tar') === (to === 'tar')) return { stream: body };
  const counter = hashAndCount();
  const change = to === 'tar' ? createGunzip() : createGzip({ level: constants.Z_BEST_SPEED });
  return {
    stream: pipeline(body, change, counter, () => undefined),
    digest: () => counter.digest(),
  };
}
