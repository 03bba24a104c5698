import type { V1PersistentVolume } from '@kubernetes/client-node';
import { ApiFailure } from '../gateway/apiFailure.ts';
import { type Gateway, pathOf } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';
import type { ClaimId } from './claimWrites.ts';

/** A PersistentVolume as the API server has it now. */
export interface VolumeObject {
  name: string;
  resourceVersion: string;
  /** UID of the claim that it belongs to; empty: to none. */
  claimUid: string;
  annotations: Record<string, string>;
}

/** Reads PersistentVolumes, and gives them to other claims. */
export interface VolumeWrites {
  /** @returns undefined when there is none. @throws ApiFailure when the API server did not say. */
  read(name: string, signal?: AbortSignal): Promise<VolumeObject | undefined>;
  /**
   * Gives a volume to a claim that is not bound: Kubernetes then binds the claim to it. The volume leaves its present claim,
   * which becomes `Lost`.
   * @throws ApiFailure, of kind `conflict` when the volume has changed since it was read
   */
  giveTo(
    claim: ClaimId,
    volume: VolumeObject,
    annotations: Record<string, string>,
    signal?: AbortSignal
  ): Promise<void>;
}

export const volumeWritesOf = (gateway: Pick<Gateway, 'json'>): VolumeWrites => ({
  async read(name, signal) {
    try {
      const path = pathOf('/api/v1/persistentvolumes', name);
      const { metadata, spec } = await gateway.json<Raw<V1PersistentVolume>>({ path, signal });
      return {
        name,
        resourceVersion: metadata?.resourceVersion ?? '',
        claimUid: spec?.claimRef?.uid ?? '',
        annotations: metadata?.annotations ?? {},
      };
    } catch (error) {
      if (error instanceof ApiFailure && error.kind === 'notFound') return undefined;
      throw error;
    }
  },

  async giveTo({ namespace, name, uid }, volume, annotations, signal) {
    await gateway.json({
      method: 'PATCH',
      path: pathOf('/api/v1/persistentvolumes', volume.name),
      body: {
        metadata: { resourceVersion: volume.resourceVersion, annotations },
        spec: {
          claimRef: {
            ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
            resourceVersion: null, // that of the claim before
          },
        },
      },
      signal,
    });
  },
});
