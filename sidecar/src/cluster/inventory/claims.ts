import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { ApiFailure } from '../gateway/apiFailure.ts';
import { type Gateway, pathOf } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';

/** A PersistentVolumeClaim as the API server has it now: what an archive’s manifest keeps of it. */
export interface ClaimObject {
  uid: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: Record<string, unknown>;
  /** Its capacity and phase, above all; empty where there is none yet. */
  status: Record<string, unknown>;
}

/**
 * Reads one claim, past every cache.
 * @returns undefined when there is none. @throws ApiFailure when the API server did not say.
 */
export type ReadClaim = (
  namespace: string,
  name: string,
  signal?: AbortSignal
) => Promise<ClaimObject | undefined>;

export const claimsOf =
  (gateway: Pick<Gateway, 'json'>): ReadClaim =>
  async (namespace, name, signal) => {
    const path = pathOf('/api/v1/namespaces', namespace, 'persistentvolumeclaims', name);
    try {
      const claim = await gateway.json<Raw<V1PersistentVolumeClaim>>({ path, signal });
      const { uid = '', labels = {}, annotations = {} } = claim.metadata ?? {};
      return { uid, labels, annotations, spec: { ...claim.spec }, status: { ...claim.status } };
    } catch (error) {
      if (error instanceof ApiFailure && error.kind === 'notFound') return undefined;
      throw error;
    }
  };
