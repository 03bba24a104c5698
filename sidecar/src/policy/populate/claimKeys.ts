import { createHash } from 'node:crypto';
import type { ParsedName } from '../../archive/name.ts';

export interface ClaimName {
  namespace: string;
  name: string;
}

export const keyOfClaim = ({ namespace, name }: ClaimName): string => `${namespace}/${name}`;

/** Names of archives have the whole name of a claim, or its beginning and so many digits of its hash. */
const HASH_DIGITS = 8;

/**
 * @returns a function that finds the claims that an archive may be of, by its name. Two claims whose shortened names are equal
 *   are both found: the manifest has the whole name, and decides.
 */
export function claimsByArchiveName(claims: Iterable<ClaimName>) {
  const whole = new Set<string>();
  const hashed = new Map<string, ClaimName[]>();
  for (const claim of claims) {
    whole.add(keyOfClaim(claim));
    const key = `${claim.namespace}/${hashOf(claim.name)}`;
    hashed.set(key, [...(hashed.get(key) ?? []), claim]);
  }
  return ({ namespace, pvc, shortened }: Pick<ParsedName, 'namespace' | 'pvc' | 'shortened'>) => {
    if (!shortened) return whole.has(`${namespace}/${pvc}`) ? [`${namespace}/${pvc}`] : [];
    const begins = pvc.slice(0, -HASH_DIGITS - 1);
    return (hashed.get(`${namespace}/${pvc.slice(-HASH_DIGITS)}`) ?? [])
      .filter(({ name }) => name.startsWith(begins))
      .map(keyOfClaim);
  };
}

const hashOf = (name: string): string =>
  createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
