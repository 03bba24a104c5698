import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiFailure } from '../gateway/apiFailure.ts';
import { type Gateway, pathOf } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';

/** A claim that is to be made. It never names a volume or a data source: Kubernetes gives it an empty volume of its own. */
export interface NewClaim {
  namespace: string;
  name: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  accessModes: readonly string[];
  /** A Kubernetes quantity, e.g. `10Gi`. */
  size: string;
  /** Absent: the default class of the cluster. Empty: no class, only volumes without one. */
  storageClass?: string | undefined;
}

/** A claim that exists. A name alone would also mean one that somebody has made since. */
export interface ClaimId {
  namespace: string;
  name: string;
  uid: string;
}

/** A claim as the API server made it, or would have made it. */
export interface MadeClaim extends ClaimId {
  storageClass: string | null;
}

/** Changes that restores make to claims. No other part of NKVM writes to claims. */
export interface ClaimWrites {
  /**
   * Asks the API server whether it would make the claim, and changes nothing: quotas, limits, policies and webhooks answer
   * as they would then. @throws ApiFailure in its own words.
   */
  tryCreate(claim: NewClaim, signal?: AbortSignal): Promise<MadeClaim>;
  /** @throws ApiFailure; with `mayBeDone` the claim may exist all the same. */
  create(claim: NewClaim, signal?: AbortSignal): Promise<MadeClaim>;
  /**
   * @param annotations null removes one
   * @returns whether it was done; false: the claim is gone, whatever has its name now. @throws ApiFailure.
   */
  annotate(
    claim: ClaimId,
    annotations: Record<string, string | null>,
    signal?: AbortSignal
  ): Promise<boolean>;
  /**
   * Deletes this very claim and waits until it is gone.
   * @returns false when it is still terminating after `limitMs`: a pod uses it. @throws ApiFailure.
   */
  remove(claim: ClaimId, options: { limitMs: number; signal?: AbortSignal }): Promise<boolean>;
}

/** Tells the claim of this very call from any other one of its name. */
const CALL_ANNOTATION = 'nkvm.io/created-by-call';
const LOOK_MS = 250;

type ClaimBody = Raw<V1PersistentVolumeClaim>;

/** @param newId a value that no other call has. */
export function claimWritesOf(
  gateway: Pick<Gateway, 'json'>,
  newId: () => string = randomUUID
): ClaimWrites {
  const claimsIn = (namespace: string): string =>
    pathOf('/api/v1/namespaces', namespace, 'persistentvolumeclaims');
  const pathTo = ({ namespace, name }: Pick<ClaimId, 'namespace' | 'name'>): string =>
    pathOf(claimsIn(namespace), name);

  const get = async (
    claim: Pick<ClaimId, 'namespace' | 'name'>,
    signal?: AbortSignal
  ): Promise<ClaimBody | undefined> => {
    try {
      return await gateway.json<ClaimBody>({ path: pathTo(claim), signal });
    } catch (error) {
      if (error instanceof ApiFailure && error.kind === 'notFound') return undefined;
      throw error;
    }
  };

  return {
    async tryCreate(claim, signal) {
      return madeOf(
        await gateway.json<ClaimBody>({
          method: 'POST',
          path: claimsIn(claim.namespace),
          query: { dryRun: 'All' },
          body: bodyOf(claim),
          repeat: 'always',
          signal,
        })
      );
    },

    async create(claim, signal) {
      const id = newId();
      const annotations = { ...claim.annotations, [CALL_ANNOTATION]: id };
      const path = claimsIn(claim.namespace);
      const body = bodyOf({ ...claim, annotations });
      try {
        return madeOf(
          await gateway.json<ClaimBody>({ method: 'POST', path, body, repeat: 'always', signal })
        );
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.reason !== 'AlreadyExists') throw error;
        const there = await get(claim, signal);
        if (there?.metadata?.annotations?.[CALL_ANNOTATION] === id) return madeOf(there);
        throw error;
      }
    },

    async annotate(claim, annotations, signal) {
      // The UID stands in the patch, so that it changes nothing of another claim: a UID cannot be changed.
      const body = { metadata: { uid: claim.uid, annotations } };
      const path = pathTo(claim);
      try {
        await gateway.json({ method: 'PATCH', path, body, repeat: 'always', signal });
        return true;
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        if (error.kind === 'notFound') return false;
        if (error.kind !== 'conflict' && error.kind !== 'invalid') throw error;
        if ((await get(claim, signal))?.metadata?.uid === claim.uid) throw error;
        return false;
      }
    },

    async remove(claim, { limitMs, signal }) {
      const until = performance.now() + limitMs;
      const body = { preconditions: { uid: claim.uid } };
      try {
        const path = pathTo(claim);
        await gateway.json({ method: 'DELETE', path, body, repeat: 'always', signal });
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        if (error.kind !== 'notFound' && error.kind !== 'conflict') throw error;
      }
      for (;;) {
        if ((await get(claim, signal))?.metadata?.uid !== claim.uid) return true;
        if (performance.now() >= until) return false;
        await sleep(LOOK_MS, undefined, { signal });
      }
    },
  };
}

const bodyOf = (claim: NewClaim) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: claim.name, labels: claim.labels, annotations: claim.annotations },
  spec: {
    accessModes: claim.accessModes,
    volumeMode: 'Filesystem',
    resources: { requests: { storage: claim.size } },
    ...(claim.storageClass !== undefined && { storageClassName: claim.storageClass }),
  },
});

const madeOf = ({ metadata, spec }: ClaimBody): MadeClaim => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
  storageClass: spec?.storageClassName ?? null,
});

/** @returns the annotations with which a claim is left by its restore: those of its making mean nothing any more. */
export const MAKING_ANNOTATIONS = [CALL_ANNOTATION] as const;
