import type { Action, Subject } from '../../cluster/gateway/access.ts';
import type { Rights } from './rights.ts';

/** The namespaces in which a caller has a right. */
export interface Scope {
  has(namespace: string): boolean;
  /** The caller has the right in all namespaces. */
  isEverywhere: boolean;
  /** Not every namespace was asked for: `has` is false for the others. */
  isIncomplete: boolean;
  /** Whether a namespace was asked for: otherwise a false `has` says nothing. */
  isKnown(namespace: string): boolean;
  /** How many namespaces were asked for. */
  asked: number;
}

/** Which part of a list a caller asks for. */
export interface Asked {
  namespace?: string;
  name?: string;
}

type Wanted = Omit<Action, 'namespace' | 'name'>;

/** The right to list claims, or their backups. */
export const toList = (subresource?: 'backup'): Wanted => ({
  verb: 'list',
  group: '',
  resource: 'persistentvolumeclaims',
  ...(subresource && { subresource }),
});

/**
 * Finds out with few questions where the caller has a right: everywhere at once, else namespace by namespace. The
 * namespace of the caller's own ServiceAccount comes first.
 * @param namespaces those that matter; no more than `maxScan` of them are asked for.
 */
export async function scopeOf(
  caller: Subject,
  rights: Rights,
  wanted: Wanted,
  namespaces: readonly string[],
  maxScan: number
): Promise<Scope> {
  if (await rights.has(caller, wanted)) return EVERYWHERE;
  const own = /^system:serviceaccount:([^:]+):/.exec(caller.username)?.[1];
  const ordered = [
    ...namespaces.filter(namespace => namespace === own),
    ...namespaces.filter(namespace => namespace !== own),
  ];
  const tried = ordered.slice(0, maxScan);
  const answers = await Promise.all(
    tried.map(namespace => rights.hasAmongMany(caller, { ...wanted, namespace }))
  );
  const found = new Set(tried.filter((_, at) => answers[at]));
  const left = new Set(ordered.slice(maxScan));
  return {
    has: namespace => found.has(namespace),
    isEverywhere: false,
    isIncomplete: left.size > 0,
    isKnown: namespace => !left.has(namespace),
    asked: tried.length,
  };
}

/** Namespaces of the cluster. */
export interface Namespaces {
  /** Those that can have something in the list. */
  filled: readonly string[];
  all: readonly string[];
}

/**
 * Finds out which namespaces of a list the caller may read. Namespaces without anything to list are asked for only when
 * the caller may read none of the others: a right in an empty namespace gives an empty list.
 * @throws Refusal (403) that names the missing right when the caller has it nowhere.
 */
export async function readableScope(
  caller: Subject,
  rights: Rights,
  subresource: 'backup' | undefined,
  { namespace, name }: Asked,
  { filled, all }: Namespaces,
  maxScan: number
): Promise<Scope> {
  const wanted = toList(subresource);
  if (namespace) {
    await rights.need(caller, { ...wanted, namespace, ...(name && { name }) });
    return { ...EVERYWHERE, has: each => each === namespace, isEverywhere: false };
  }
  const scope = await scopeOf(caller, rights, wanted, filled, maxScan);
  if (scope.isIncomplete || scope.isEverywhere || filled.some(scope.has)) return scope;
  const others = all.filter(each => !filled.includes(each));
  const empty = await scopeOf(caller, rights, wanted, others, maxScan - filled.length);
  if (!empty.isIncomplete && !others.some(empty.has)) await rights.need(caller, wanted);
  return { ...empty, asked: scope.asked + empty.asked };
}

const EVERYWHERE: Scope = {
  has: () => true,
  isEverywhere: true,
  isIncomplete: false,
  isKnown: () => true,
  asked: 0,
};

/** @returns the namespaces of a list, each once. */
export const namespacesOf = (list: readonly { namespace: string }[]): string[] => [
  ...new Set(list.map(({ namespace }) => namespace)),
];
