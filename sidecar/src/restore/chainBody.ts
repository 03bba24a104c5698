import { pipeline, Readable } from 'node:stream';
import { hashAndCount } from '../archive/digest.ts';
import { gunzipping } from '../archive/gunzip.ts';
import { archiveFormOf } from '../archive/name.ts';
import { compareDigest } from './compareDigest.ts';
import type { RestoreSource } from './source.ts';

type Archives = Pick<RestoreSource, 'destination' | 'key' | 'bytes' | 'sha256' | 'links'>;

const isTar = (key: string): boolean => archiveFormOf(key) === 'tar';

/** @returns how the archives of a source arrive in the pod; a destination may have stored them in several forms. */
export const encodingOf = ({ key, links }: Pick<Archives, 'key' | 'links'>): 'gzip' | 'tar' =>
  [key, ...links.map(link => link.key)].some(isTar) ? 'tar' : 'gzip';

/**
 * Gives all archives of an increment, one after the other, the newest first: the order in which the pod unpacks them.
 * The stream fails with `ArchiveDiffers` at the end of one that is not what its manifest says.
 */
export const chainBody = (source: Archives, signal: AbortSignal): Readable =>
  Readable.from(piecesOf(source, signal), { objectMode: false });

async function* piecesOf(source: Archives, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { destination, links } = source;
  const asTar = encodingOf(source) === 'tar';
  for (const archive of [source, ...[...links].reverse()]) {
    const own = hashAndCount();
    const body = await destination.open(archive.key, { signal });
    const stages = [own, ...(asTar && !isTar(archive.key) ? [gunzipping()] : [])];
    yield* pipeline([body, ...stages], () => undefined) as unknown as AsyncIterable<Buffer>;
    compareDigest({ ...archive, destination }, own.digest());
  }
}
