import type { Copy } from '../../../api/index.ts';
import type { Destination } from '../destination.ts';
import type { Places } from '../places.ts';
import { newProbe } from './check.ts';

/**
 * Another destination, as seen from one:
 *
 * - `same`: another name of the same storage
 * - `other`: a storage of its own
 * - `unknown`: one of the two does not answer now
 * - `gone`: it is not configured any more
 */
export type Sameness = 'same' | 'other' | 'unknown' | 'gone';

export type IsSame = (name: string) => Promise<Sameness>;

/**
 * Two destinations may be names of one storage: two names of one server, a mount and SFTP, a link to a directory. A file is then there
 * under both, and is one copy. Only a small file tells, which is stored at one of them and looked for at the other.
 * @returns a function that asks once for each name
 */
export function sameAs(
  to: Destination,
  places: Pick<Places, 'get'>,
  installation: string,
  signal?: AbortSignal
): IsSame {
  const known = new Map<string, Promise<Sameness>>();
  const ask = async (name: string): Promise<Sameness> => {
    const place = places.get(name);
    if (!place) return 'gone';
    const probe = newProbe(installation);
    try {
      const other = place.use();
      await to.put(probe, 'nkvm', { signal });
      return (await other.stat(probe, { signal })) ? 'same' : 'other';
    } catch {
      signal?.throwIfAborted();
      return 'unknown';
    } finally {
      await to.remove(probe).catch(() => undefined); // the next listing deletes it
    }
  };
  return async name => {
    if (name === to.id) return 'other';
    const asked = known.get(name) ?? ask(name);
    known.set(name, asked);
    return await asked;
  };
}

/** Another destination that has a file as its own copy, or may have. */
export interface Twin {
  destination: string;
  is: Exclude<Sameness, 'other'>;
}

/** A file at a destination. */
export interface TwinFile {
  destination: string;
  key: string;
  /**
   * By the manifest that is beside it there. One file has one manifest: a copy that was proven at another time is another file.
   * Absent or null: that is not known.
   */
  provenAt?: string | null | undefined;
}

/**
 * @param copies of one backup
 * @returns the destination that has a file at this destination as its own copy, `same` before `unknown` before `gone`; undefined:
 *   each other copy is another file
 */
export async function twinThatHas(
  { destination, key, provenAt }: TwinFile,
  copies: readonly Pick<Copy, 'destination' | 'key' | 'state' | 'provenAt'>[],
  isSame: IsSame | undefined
): Promise<Twin | undefined> {
  const twins: Twin[] = [];
  for (const copy of copies) {
    const isOther = copy.destination !== destination && copy.key === key;
    if (!isOther || copy.state !== 'present') continue;
    if (provenAt && copy.provenAt && copy.provenAt !== provenAt) continue;
    const is = (await isSame?.(copy.destination)) ?? 'other';
    if (is !== 'other') twins.push({ destination: copy.destination, is });
  }
  return (['same', 'unknown', 'gone'] as const)
    .flatMap(which => twins.filter(({ is }) => is === which))
    .at(0);
}
