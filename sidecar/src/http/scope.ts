import type { Action, Subject } from '../cluster/access.ts';
import type { Rights } from './rights.ts';

/** Which part of a list a caller asks for. */
export interface Asked {
  namespace?: string;
  name?: string;
}

/** @returns the right to list claims, or what hangs on them. */
const toList = (subresource: string | undefined, { namespace, name }: Asked): Action => ({
  verb: 'list',
  group: '',
  resource: 'persistentvolumeclaims',
  ...(subresource && { subresource }),
  ...(namespace && { namespace }),
  ...(name && { name }),
});

/**
 * Finds out which namespaces of a list the caller may read, with as few questions as possible: the one that was asked
 * for; else all at once; else one by one, as far as `maxScan`.
 * @param namespaces those to try one by one.
 * @returns the namespaces; undefined: all of them.
 * @throws Refusal (403) that names the missing right when there is none.
 */
export async function readableNamespaces(
  caller: Subject,
  rights: Rights,
  subresource: 'backup' | undefined,
  asked: Asked,
  namespaces: readonly string[],
  maxScan: number
): Promise<ReadonlySet<string> | undefined> {
  if (asked.namespace) {
    await rights.need(caller, toList(subresource, asked));
    return new Set([asked.namespace]);
  }
  const everywhere = toList(subresource, {});
  if (await rights.has(caller, everywhere)) return undefined;
  const tried = await Promise.all(
    namespaces.slice(0, maxScan).map(async namespace => {
      const may = await rights.has(caller, toList(subresource, { namespace }));
      return may ? [namespace] : [];
    })
  );
  const found = new Set(tried.flat());
  if (found.size === 0) await rights.need(caller, everywhere);
  return found;
}
