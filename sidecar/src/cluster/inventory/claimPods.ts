import type { Gateway } from '../gateway/gateway.ts';
import { pathOf } from '../gateway/gateway.ts';
import { pagesOf } from '../gateway/pages.ts';
import type { Pod } from '../gateway/pods.ts';
import type { Controller } from '../watch/facts.ts';
import { podFact } from '../watch/projections.ts';
import { isFinished } from './owners.ts';

/** A pod that uses a claim, or is about to. */
export interface PodOfClaim {
  name: string;
  uid: string;
  labels: Record<string, string>;
  node: string | null;
  controller: Controller | undefined;
  /** It is terminating; it has `graceMs` for that. */
  isTerminating: boolean;
  graceMs: number;
}

/**
 * Lists the pods of a namespace that name a claim and have not finished, past every cache; helper pods of NKVM, too.
 * @throws ApiFailure when the API server did not say.
 */
export type ReadClaimPods = (
  namespace: string,
  claim: string,
  signal?: AbortSignal
) => Promise<PodOfClaim[]>;

export const claimPodsOf =
  (gateway: Pick<Gateway, 'json'>): ReadClaimPods =>
  async (namespace, claim, signal) => {
    const path = pathOf('/api/v1/namespaces', namespace, 'pods');
    const found: PodOfClaim[] = [];
    for await (const pods of pagesOf<Pod>(gateway, path, {}, signal)) {
      for (const pod of pods) {
        const fact = podFact(pod);
        if (!fact || isFinished(fact)) continue;
        if (![...fact.claims, ...fact.ephemeralClaims].includes(claim)) continue;
        const { labels = {}, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
        const graceSeconds =
          deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
        found.push({
          name: fact.name,
          uid: fact.uid,
          labels,
          node: fact.node,
          controller: fact.controller,
          isTerminating: deletionTimestamp !== undefined,
          graceMs: graceSeconds * 1000,
        });
      }
    }
    return found;
  };
