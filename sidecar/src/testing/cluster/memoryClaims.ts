import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { ReadClaim } from '../../cluster/inventory/claims.ts';
import type { ClaimWrites, NewClaim } from '../../cluster/writes/claimWrites.ts';

/** A claim in memory. */
export interface MemoryClaim extends Omit<NewClaim, 'annotations'> {
  uid: string;
  annotations: Record<string, string>;
}

/** Claims for tests, by `namespace/name`. */
export interface MemoryClaims extends ClaimWrites {
  readonly all: Map<string, MemoryClaim>;
  readClaim: ReadClaim;
}

export function memoryClaims(): MemoryClaims {
  const all = new Map<string, MemoryClaim>();
  let uids = 0;
  const nameOf = ({ namespace, name }: { namespace: string; name: string }) =>
    `${namespace}/${name}`;
  const claims: MemoryClaims = {
    all,
    async tryCreate(claim) {
      if (all.has(nameOf(claim))) {
        throw new ApiFailure(`persistentvolumeclaims "${claim.name}" already exists`, {
          kind: 'conflict',
          class: 'unknown',
          status: 409,
          reason: 'AlreadyExists',
        });
      }
      const { namespace, name, storageClass = null } = claim;
      return { namespace, name, uid: 'none', storageClass };
    },
    async create(claim) {
      const made = await claims.tryCreate(claim);
      const uid = `claim-${(uids += 1)}`;
      all.set(nameOf(claim), { ...claim, uid, annotations: { ...claim.annotations } });
      return { ...made, uid };
    },
    async annotate(claim, annotations) {
      const there = all.get(nameOf(claim));
      if (there?.uid !== claim.uid) return false;
      for (const [name, value] of Object.entries(annotations)) {
        if (value === null) delete there.annotations[name];
        else there.annotations[name] = value;
      }
      return true;
    },
    async remove(claim) {
      if (all.get(nameOf(claim))?.uid === claim.uid) all.delete(nameOf(claim));
      return true;
    },
    async readClaim(namespace, name) {
      const there = all.get(nameOf({ namespace, name }));
      return (
        there && {
          uid: there.uid,
          labels: there.labels,
          annotations: { ...there.annotations },
          spec: {},
          status: {},
        }
      );
    },
  };
  return claims;
}
