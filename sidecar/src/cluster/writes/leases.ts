import type { V1Lease } from '@kubernetes/client-node';
import { ApiFailure, type FailureKind } from '../gateway/apiFailure.ts';
import { type Gateway, pathOf } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';

/** The fields of a Lease (coordination.k8s.io/v1). */
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
  /** @returns undefined when there is none. @throws ApiFailure when the API server did not say. */
  read(): Promise<LeaseRecord | undefined>;
  /**
   * Writes it, unless another process has written since.
   * @param version of the record that is replaced; undefined: there was none.
   * @returns the new version; undefined when another process was faster. @throws ApiFailure when the API server did
   * not say.
   */
  write(
    record: Omit<LeaseRecord, 'version'>,
    version: string | undefined
  ): Promise<string | undefined>;
}

/** @param limitMs for each call; it must be shorter than the time between two renewals. */
export function leaseOf(
  gateway: Pick<Gateway, 'json'>,
  namespace: string,
  name: string,
  limitMs: number
): Lease {
  const all = pathOf('/apis/coordination.k8s.io/v1/namespaces', namespace, 'leases');
  const one = pathOf(all, name);
  // Not repeated here: a renewal that comes late must not be mistaken for one that was sent late.
  const limits = { lane: 'lease', limitMs, tryMs: limitMs, repeat: 'never' } as const;
  const versionOf = ({ metadata }: Raw<V1Lease>): string => metadata?.resourceVersion ?? '';
  return {
    name: `${namespace}/${name}`,

    async read() {
      try {
        const lease = await gateway.json<Raw<V1Lease>>({ path: one, ...limits });
        return {
          holder: lease.spec?.holderIdentity ?? '',
          version: versionOf(lease),
          durationSeconds: lease.spec?.leaseDurationSeconds ?? 0,
        };
      } catch (error) {
        if (isOne(error, 'notFound')) return undefined;
        throw error;
      }
    },

    async write({ holder, durationSeconds }, version) {
      const body: Raw<V1Lease> = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name,
          namespace,
          ...(version === undefined ? {} : { resourceVersion: version }),
        },
        spec: {
          ...(holder ? { holderIdentity: holder } : {}), // the API server refuses an empty one
          leaseDurationSeconds: durationSeconds,
          renewTime: new Date().toISOString().replace('Z', '000Z'), // a MicroTime has six digits
        },
      };
      try {
        return versionOf(
          version === undefined
            ? await gateway.json<Raw<V1Lease>>({ method: 'POST', path: all, body, ...limits })
            : await gateway.json<Raw<V1Lease>>({ method: 'PUT', path: one, body, ...limits })
        );
      } catch (error) {
        if (isOne(error, 'notFound', 'conflict')) return undefined;
        throw error;
      }
    },
  };
}

const isOne = (error: unknown, ...kinds: FailureKind[]): boolean =>
  error instanceof ApiFailure && kinds.includes(error.kind);
