import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { Gateway } from '../../cluster/gateway/gateway.ts';
import { readClusterUid } from '../../cluster/inventory/namespaces.ts';
import type { ClusterProblem } from '../problem.ts';

/** Facts that an API server tells about its cluster. */
export interface ClusterFacts {
  /** E.g. `v1.36.3`; null where it is not one. */
  version: string | null;
  /** Of the namespace kube-system, which identifies the cluster. */
  uid: string;
}

/** Soon enough for a person who waits. */
const LIMIT_MS = 10_000;

/** @throws ApiFailure */
export async function lookAt(
  gateway: Pick<Gateway, 'json'>,
  signal?: AbortSignal
): Promise<ClusterFacts> {
  const limits = { limitMs: LIMIT_MS, tryMs: LIMIT_MS, signal };
  const said = await gateway.json<{ gitVersion?: unknown } | null>({ path: '/version', ...limits });
  const version = said?.gitVersion;
  const uid = await readClusterUid(gateway, signal);
  const isVersion = typeof version === 'string' && /^v?\d[\w.+-]{0,59}$/.test(version);
  return { version: isVersion ? version : null, uid };
}

/** @returns why a look at a cluster failed. The API server's own words cannot forge a line of a terminal. */
export function problemOf(server: string, error: unknown): ClusterProblem {
  const message = (error instanceof Error ? error.message : String(error)).replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    '?'
  );
  if (error instanceof ApiFailure && (error.status === 401 || error.status === 403)) {
    return {
      reason: 'ClusterCredentialsRefused',
      message: `the API server ${server} refuses the credentials: ${message}`,
      hint:
        error.status === 401
          ? 'replace the kubeconfig of this cluster; its token or certificate is not valid there'
          : 'apply deploy/k8s/remote in that cluster',
    };
  }
  return {
    reason: 'ClusterUnreachable',
    message: `the cluster at ${server} cannot be read: ${message}`,
    hint: 'see whether NKVM reaches that address, and whether the certificate authority of the kubeconfig is the one of that server',
  };
}
