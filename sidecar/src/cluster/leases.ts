import type { KubeConfig, V1Lease } from '@kubernetes/client-node';
import { CoordinationV1Api, V1MicroTime } from '@kubernetes/client-node';
import { httpStatusOf, timeLimit } from './connection.ts';

/** What a Lease (coordination.k8s.io/v1) says. */
export interface LeaseRecord {
  /** Empty: nobody holds it. */
  holder: string;
  /** Changes with each renewal. Of the API server: opaque. */
  version: string;
  durationSeconds: number;
}

/** One Lease of a cluster. */
export interface Lease {
  /** As messages name it. */
  readonly name: string;
  /** @returns undefined when there is none. @throws Error when nobody could say. */
  read(): Promise<LeaseRecord | undefined>;
  /**
   * Writes it, unless somebody else has written since.
   * @param version of the record that is replaced; undefined: there was none.
   * @returns the new version; undefined when somebody else was faster. @throws Error when nobody could say.
   */
  write(
    record: Omit<LeaseRecord, 'version'>,
    version: string | undefined
  ): Promise<string | undefined>;
}

const LIMIT_MS = 5_000;

export function leaseOf(kubeConfig: KubeConfig, namespace: string, name: string): Lease {
  const api = kubeConfig.makeApiClient(CoordinationV1Api);
  const versionOf = ({ metadata }: V1Lease): string => metadata?.resourceVersion ?? '';
  return {
    name: `${namespace}/${name}`,

    async read() {
      try {
        const lease = await api.readNamespacedLease({ namespace, name }, timeLimit(LIMIT_MS));
        return {
          holder: lease.spec?.holderIdentity ?? '',
          version: versionOf(lease),
          durationSeconds: lease.spec?.leaseDurationSeconds ?? 0,
        };
      } catch (error) {
        if (httpStatusOf(error) === 404) return undefined;
        throw error;
      }
    },

    async write({ holder, durationSeconds }, version) {
      const body: V1Lease = {
        metadata: {
          name,
          namespace,
          ...(version === undefined ? {} : { resourceVersion: version }),
        },
        spec: {
          ...(holder ? { holderIdentity: holder } : {}), // the API server refuses an empty one
          leaseDurationSeconds: durationSeconds,
          renewTime: new V1MicroTime(),
        },
      };
      try {
        return versionOf(
          version === undefined
            ? await api.createNamespacedLease({ namespace, body }, timeLimit(LIMIT_MS))
            : await api.replaceNamespacedLease({ namespace, name, body }, timeLimit(LIMIT_MS))
        );
      } catch (error) {
        if ([404, 409].includes(httpStatusOf(error) ?? 0)) return undefined;
        throw error;
      }
    },
  };
}
