import type {
  ClaimFact,
  Controller,
  OwnedFact,
  PodFact,
  WorkloadFact,
} from '../../cluster/watch/facts.ts';

/** Facts for tests: each has a sound value for what a test does not care about. The uid is `KIND/NAME`. */

const apiVersions: Record<string, string> = {
  Pod: 'v1',
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
};

/** @param owner e.g. `ReplicaSet/web-1`, or `example.com/v1 Database/orders`. */
export function controller(owner: string): Controller {
  const [, apiVersion, kind = '', name = ''] = /^(?:(\S+) )?([^/]+)\/(.+)$/.exec(owner) ?? [];
  return { apiVersion: apiVersion ?? apiVersions[kind] ?? '', kind, name, uid: `${kind}/${name}` };
}

const owned = (kind: string, name: string, owner?: string): OwnedFact => ({
  ...controller(`${kind}/${name}`),
  namespace: 'shop',
  controller: owner ? controller(owner) : undefined,
});

/** @param fields `owner` as in `controller`. */
export function pod(name: string, fields: Partial<PodFact> & { owner?: string } = {}): PodFact {
  const { owner, ...rest } = fields;
  return {
    ...owned('Pod', name, owner),
    phase: 'Running',
    node: 'node-a',
    claims: [],
    ephemeralClaims: [],
    ...rest,
  };
}

/** @param workloadName e.g. `Deployment/web`. */
export function workload(
  workloadName: string,
  fields: Partial<WorkloadFact> & { owner?: string } = {}
): WorkloadFact {
  const { owner, ...rest } = fields;
  const { kind, name } = controller(workloadName);
  return { ...owned(kind, name, owner), claims: [], claimTemplates: [], matchLabels: {}, ...rest };
}

export const claim = (name: string, fields: Partial<ClaimFact> = {}): ClaimFact => ({
  namespace: 'shop',
  name,
  uid: `PersistentVolumeClaim/${name}`,
  phase: 'Bound',
  capacityBytes: 1024 ** 3,
  requestedBytes: 1024 ** 3,
  accessModes: ['ReadWriteOnce'],
  volumeMode: 'Filesystem',
  storageClass: 'standard',
  volumeName: `pv-${name}`,
  labels: {},
  createdAt: '2026-01-01T00:00:00Z',
  terminating: false,
  controller: undefined,
  ...fields,
});
