import type { KubeConfig } from '@kubernetes/client-node';
import { CoreV1Api } from '@kubernetes/client-node';
import { httpStatusOf, timeLimit } from './connection.ts';

/** A PersistentVolumeClaim as the API server has it now: what an archive’s manifest keeps of it. */
export interface ClaimObject {
  uid: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: Record<string, unknown>;
}

/** Reads one claim, past every cache. @returns undefined when there is none. @throws Error when nobody could say. */
export type ReadClaim = (namespace: string, name: string) => Promise<ClaimObject | undefined>;

const LIMIT_MS = 15_000;

export function claimsOf(kubeConfig: KubeConfig): ReadClaim {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  return async (namespace, name) => {
    try {
      const claim = await core.readNamespacedPersistentVolumeClaim(
        { namespace, name },
        timeLimit(LIMIT_MS)
      );
      const { uid = '', labels = {}, annotations = {} } = claim.metadata ?? {};
      return { uid, labels, annotations, spec: { ...claim.spec } };
    } catch (error) {
      if (httpStatusOf(error) === 404) return undefined;
      throw error;
    }
  };
}
