import type { Destination } from '../destination.ts';
import type { Places } from '../places.ts';
import { newProbe } from './check.ts';

/** @returns whether the destination of that name is another name of the same storage. */
export type IsSame = (name: string) => Promise<boolean>;

/**
 * Two destinations may be names of one storage: two names of one server, a mount and SFTP, a link to a directory. A file is then there
 * under both, and is one copy. Only a small file tells, which is stored at one of them and looked for at the other.
 * @returns a function that asks once for each name; false also where one of the two cannot be asked
 */
export function sameAs(
  to: Destination,
  places: Pick<Places, 'get'>,
  installation: string,
  signal?: AbortSignal
): IsSame {
  const known = new Map<string, Promise<boolean>>();
  const ask = async (name: string): Promise<boolean> => {
    const probe = newProbe(installation);
    try {
      const other = places.get(name)?.use();
      if (!other) return false;
      await to.put(probe, 'nkvm', { signal });
      return (await other.stat(probe, { signal })) !== undefined;
    } catch {
      signal?.throwIfAborted();
      return false;
    } finally {
      await to.remove(probe).catch(() => undefined); // the next listing deletes it
    }
  };
  return async name => {
    if (name === to.id) return false;
    const asked = known.get(name) ?? ask(name);
    known.set(name, asked);
    return await asked;
  };
}

/**
 * @param copies of one backup
 * @returns the destination that has a file at this destination as its own copy; undefined: there is none
 */
export async function twinThatHas(
  { destination, key }: { destination: string; key: string },
  copies: readonly { destination: string; key: string; state: string }[],
  isSame: IsSame | undefined
): Promise<string | undefined> {
  for (const copy of copies) {
    const isOther = copy.destination !== destination && copy.key === key;
    if (isOther && copy.state === 'present' && (await isSame?.(copy.destination)))
      return copy.destination;
  }
  return undefined;
}
