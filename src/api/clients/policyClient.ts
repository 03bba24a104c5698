import type { PolicyList, VolumePolicyDetails, VolumeRef } from '../../../sidecar/api';
import { queryText } from '../queries/queryText';
import type { Connection } from '../session/connection';
import type { At } from './restoreClient';

/** The sidecar's API of schedules and retention, typed. Every call throws what `Send` throws. */
export interface PolicyClient {
  /** Of one namespace, or of all that the caller may see. */
  policies(namespace?: string): Promise<PolicyList>;
  policy(ref: VolumeRef): Promise<VolumePolicyDetails>;
  /** Lets retention go on at a destination. @param removed how many archives the plan showed. */
  approve(destination: string, removed: number, at?: At): Promise<void>;
}

export function policyClient({
  send,
  cluster,
}: Pick<Connection, 'send' | 'cluster'>): PolicyClient {
  return {
    policies: async namespace =>
      (
        await send({ path: `/api/v1/policy${queryText({ cluster, namespace })}`, namespace })
      ).json(),
    policy: async ({ namespace, name }) => {
      const path = `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
      return (
        await send({ path: `/api/v1/policy/${path}${queryText({ cluster })}`, namespace })
      ).json();
    },
    approve: async (destination, removed, at) =>
      void (await send({
        path: '/api/v1/retention/approve',
        body: { ...(cluster && { cluster }), destination, removed },
        ...at,
      })),
  };
}
