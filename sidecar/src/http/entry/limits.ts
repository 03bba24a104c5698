import type { MetLimit } from '../../../api/index.ts';
import type { Scope } from '../rights/scope.ts';

/** The field of an answer; it is absent where no limit was met. */
export interface Limits {
  limits?: MetLimit[];
}

/** @returns the field with all limits that an answer has met. */
export const limitsOf = (...met: (MetLimit | undefined)[]): Limits => {
  const limits = met.filter(each => each !== undefined);
  return limits.length === 0 ? {} : { limits };
};

/**
 * @param what says what the answer lacks because of it, e.g. `volumes in other namespaces are not in this list`
 * @returns the limit on look-ups of rights, when one of these met it. How many namespaces there are, and their names, are not
 *   for callers who may not see them.
 */
export function scanLimit(scopes: readonly Scope[], what: string): MetLimit | undefined {
  const cut = scopes.filter(({ isIncomplete }) => isIncomplete);
  if (cut.length === 0) return undefined;
  const asked = Math.max(...cut.map(scope => scope.asked));
  return {
    reason: 'NamespaceScan',
    message: `your rights were looked up in the first ${asked} namespaces only: ${what}`,
    hint:
      'ask for one namespace with namespace=NAME, or get the right in all namespaces, which is one look-up; ' +
      'an administrator of NKVM can raise NKVM_MAX_NAMESPACE_SCAN',
  };
}

/** @returns the limit on the length of a list, when it has more entries. */
export const lengthLimit = (
  total: number,
  shown: number,
  what: string,
  hint: string
): MetLimit | undefined =>
  total > shown
    ? { reason: 'ListLength', message: `the list has ${shown} of ${total} ${what}`, hint }
    : undefined;
