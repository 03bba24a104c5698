import { notReady } from '../../backup/request/admission.ts';
import type { Subject } from '../../cluster/gateway/access.ts';
import type { Claim, Inventory } from '../../cluster/inventory/inventory.ts';
import { scanLimit } from '../entry/limits.ts';
import type { Rights } from './rights.ts';
import type { Asked } from './scope.ts';
import { namespacesOf, readableScope } from './scope.ts';

export interface VisibleClaimsWorld {
  inventory: Pick<Inventory, 'isReady' | 'claims' | 'namespaces'>;
  rights: Rights;
  maxNamespaceScan: number;
}

export interface VisibleClaims {
  claims: Claim[];
  /** Their namespaces. */
  namespaces: string[];
  /** Claims of namespaces that were not asked for are missing. */
  isIncomplete: boolean;
  limit: ReturnType<typeof scanLimit>;
}

/**
 * @returns the claims of a list that the caller may see
 * @throws StageError while the claims of the cluster are not known; Refusal where the caller may see none
 */
export async function visibleClaims(
  caller: Subject,
  query: Asked,
  { inventory, rights, maxNamespaceScan }: VisibleClaimsWorld
): Promise<VisibleClaims> {
  if (!inventory.isReady()) throw notReady();
  const all = inventory.claims(query.namespace);
  const known = { filled: namespacesOf(all), all: inventory.namespaces() };
  const seen = await readableScope(caller, rights, undefined, query, known, maxNamespaceScan);
  const claims = all.filter(({ namespace }) => seen.has(namespace));
  return {
    claims,
    namespaces: namespacesOf(claims),
    isIncomplete: seen.isIncomplete,
    limit: scanLimit([seen], 'volumes of other namespaces are missing'),
  };
}
