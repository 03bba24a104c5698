import { ApiFailure } from '../gateway/apiFailure.ts';
import { type Gateway, pathOf } from '../gateway/gateway.ts';
import type { ClaimId } from './claimWrites.ts';

/** A condition as kstatus and `kubectl wait` read it. */
export interface Condition {
  type: 'Ready' | 'Reconciling' | 'Stalled';
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
}

/** The status of a BackupRestore; see deploy/k8s/zero-touch. Null removes an earlier value. */
export interface BackupRestoreStatus {
  state: string;
  reason: string;
  message: string;
  hint: string | null;
  backup: string | null;
  restore: string | null;
  retryAt: string | null;
  conditions: readonly Condition[];
}

/** The objects `BackupRestore`, one beside each claim that is restored automatically. */
export interface BackupRestores {
  /** @returns whether the cluster has that kind: deploy/k8s/zero-touch is applied. @throws ApiFailure. */
  isInstalled(signal?: AbortSignal): Promise<boolean>;
  /**
   * Shows a status beside a claim, in an object of the claim's name that Kubernetes deletes together with the claim. It makes the
   * object where there is none, and replaces one of an earlier claim of that name.
   * @param now ISO-8601
   * @throws ApiFailure
   */
  show(
    claim: ClaimId,
    status: BackupRestoreStatus,
    now: string,
    signal?: AbortSignal
  ): Promise<void>;
}

const GROUP_VERSION = 'nkvm.io/v1alpha1';

interface Stored {
  metadata: { uid: string; generation?: number; ownerReferences?: { uid: string }[] };
  status?: { conditions?: (Condition & { lastTransitionTime: string })[] };
}

const isKind = (error: unknown, kind: ApiFailure['kind']): boolean =>
  error instanceof ApiFailure && error.kind === kind;

export function backupRestoresOf(gateway: Pick<Gateway, 'json'>): BackupRestores {
  const pathIn = (namespace: string): string =>
    pathOf(`/apis/${GROUP_VERSION}/namespaces`, namespace, 'backuprestores');

  const get = async (
    path: string,
    signal: AbortSignal | undefined
  ): Promise<Stored | undefined> => {
    try {
      return await gateway.json<Stored>({ path, signal });
    } catch (error) {
      if (isKind(error, 'notFound')) return undefined;
      throw error;
    }
  };

  const objectOf = async (claim: ClaimId, signal: AbortSignal | undefined): Promise<Stored> => {
    const path = pathOf(pathIn(claim.namespace), claim.name);
    const there = await get(path, signal);
    if (there?.metadata.ownerReferences?.some(({ uid }) => uid === claim.uid)) return there;
    if (there) {
      const body = { preconditions: { uid: there.metadata.uid } };
      await gateway.json({ method: 'DELETE', path, body, repeat: 'always', signal });
    }
    return await gateway.json<Stored>({
      method: 'POST',
      path: pathIn(claim.namespace),
      body: {
        apiVersion: GROUP_VERSION,
        kind: 'BackupRestore',
        metadata: {
          name: claim.name,
          ownerReferences: [
            { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: claim.name, uid: claim.uid },
          ],
        },
      },
      signal,
    });
  };

  return {
    async isInstalled(signal) {
      try {
        const path = `/apis/${GROUP_VERSION}`;
        const { resources = [] } = await gateway.json<{ resources?: { name: string }[] }>({
          path,
          signal,
        });
        return resources.some(({ name }) => name === 'backuprestores');
      } catch (error) {
        if (isKind(error, 'notFound')) return false;
        throw error;
      }
    },

    async show(claim, { conditions, ...status }, now, signal) {
      const { metadata, status: before } = await objectOf(claim, signal);
      const observedGeneration = metadata.generation;
      const dated = conditions.map(condition => {
        const old = before?.conditions?.find(({ type }) => type === condition.type);
        const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : now;
        return { ...condition, lastTransitionTime, observedGeneration };
      });
      await gateway.json({
        method: 'PATCH',
        path: pathOf(pathIn(claim.namespace), claim.name, 'status'),
        // The UID stands in the patch, so that it changes nothing of another object of that name.
        body: {
          metadata: { uid: metadata.uid },
          status: { ...status, observedGeneration, conditions: dated },
        },
        repeat: 'always',
        signal,
      });
    },
  };
}
