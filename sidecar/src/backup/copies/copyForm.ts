import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { Digest } from '../../archive/digest.ts';
import { hashAndCount } from '../../archive/digest.ts';
import { gunzipping } from '../../archive/gunzip.ts';
import type { ArchiveForm } from '../../archive/name.ts';

/**
 * Converts an archive from one form to another: a destination that stores the tar itself takes no gzip, and all others take
 * only gzip, which their key names.
 * @param body as the source gives it, not encrypted
 * @returns what is to be stored, and its digest when it has ended; no digest if it is `body` itself
 */
export function packedAs(
  body: Readable,
  from: ArchiveForm,
  to: ArchiveForm
): { stream: Readable; digest?: () => Digest } {
  if ((from === 'tar') === (to === 'tar')) return { stream: body };
  const counter = hashAndCount();
  const change = to === 'tar' ? gunzipping() : createGzip({ level: constants.Z_BEST_SPEED });
  return {
    stream: pipeline(body, change, counter, () => undefined),
    digest: () => counter.digest(),
  };
}
