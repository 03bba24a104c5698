import type { V1Namespace } from '@kubernetes/client-node';
import { ApiFailure } from '../gateway/apiFailure.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';

/** The namespace that exists once in every cluster, for as long as the cluster does: its UID identifies the cluster. */
const CLUSTER_NAMESPACE = 'kube-system';

/** Soon enough for the caller to tell what it waits for. */
const LIMIT_MS = 10_000;

/** @returns the UID that identifies the cluster. @throws ApiFailure. */
export async function readClusterUid(
  gateway: Pick<Gateway, 'json'>,
  signal?: AbortSignal
): Promise<string> {
  // As a list of one: the right to list is there for the inventory, and no right to get is needed.
  const { items } = await gateway.json<{ items: Raw<V1Namespace>[] | null }>({
    path: '/api/v1/namespaces',
    query: { fieldSelector: `metadata.name=${CLUSTER_NAMESPACE}` },
    limitMs: LIMIT_MS,
    signal,
  });
  const uid = items?.[0]?.metadata?.uid;
  if (uid !== undefined && !/^[\w-]{1,64}$/.test(uid)) throw oddUid();
  if (uid) return uid;
  throw new ApiFailure(
    `namespace ${CLUSTER_NAMESPACE}, which identifies the cluster, does not exist`,
    {
      kind: 'notFound',
      class: 'needs-action',
    }
  );
}

/** It becomes a part of files and labels. */
const oddUid = (): ApiFailure =>
  new ApiFailure(`namespace ${CLUSTER_NAMESPACE} has a UID that no API server gives`, {
    kind: 'invalid',
    class: 'needs-action',
  });
