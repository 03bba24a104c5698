import { beforeEach, describe, expect, it } from 'vitest';
import { ApiFailure } from '../gateway/apiFailure.ts';
import type { Call } from '../gateway/gateway.ts';
import { isWorkloadKind, workloadsOf } from './workloads.ts';

let calls: Call[];
let answer: unknown;
const gateway = {
  async json<T>(call: Call): Promise<T> {
    calls.push(call);
    if (answer instanceof Error) throw answer;
    return answer as T;
  },
};
const workloads = workloadsOf(gateway);
const web = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;

const deployment = {
  metadata: {
    namespace: 'shop',
    name: 'web',
    uid: 'u1',
    resourceVersion: '41',
    generation: 3,
    annotations: { a: 'b' },
    ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Site', name: 's', uid: 'u2' }],
    managedFields: [
      {
        manager: 'kubectl',
        operation: 'Update',
        time: '2026-11-01T10:00:00Z',
        fieldsV1: { a: {} },
      },
    ],
  },
  spec: { replicas: 2 },
  status: { observedGeneration: 2, replicas: 1 },
};

beforeEach(() => {
  calls = [];
  answer = deployment;
});

describe('a workload', () => {
  it('is read as it is now', async () => {
    expect(await workloads.get(web)).toMatchObject({
      ...{ kind: 'Deployment', name: 'web', uid: 'u1', resourceVersion: '41', replicas: 2 },
      ...{ isObserved: false, runningReplicas: 1, isTerminating: false, isSuspended: false },
      ownerReferences: [{ kind: 'Site', controller: false }],
      managedFields: [{ manager: 'kubectl', fields: { a: {} } }],
    });
    expect(calls[0]?.path).toBe('/apis/apps/v1/namespaces/shop/deployments/web');
  });

  it('that is not there is told from one that could not be read', async () => {
    answer = new ApiFailure('gone', { kind: 'notFound', class: 'needs-action' });
    expect(await workloads.get(web)).toBeUndefined();
    answer = new ApiFailure('away', { kind: 'unreachable', class: 'transient' });
    await expect(workloads.get(web)).rejects.toThrow('away');
  });

  it('is changed in one patch, count and annotation together, only while it is as it was seen', async () => {
    const seen = await workloads.get(web);
    await workloads.change(seen!, { note: '{}', replicas: 0 });
    expect(calls[1]).toMatchObject({
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/shop/deployments/web',
      query: { fieldManager: 'nkvm' },
      body: {
        metadata: { uid: 'u1', resourceVersion: '41', annotations: { 'nkvm.io/restore': '{}' } },
        spec: { replicas: 0 },
      },
    });
    await workloads.change(seen!, { note: null });
    expect(calls[2]?.body).not.toHaveProperty('spec');
  });
});

describe('autoscalers', () => {
  it('name their target and who made them', async () => {
    answer = {
      items: [
        {
          metadata: { name: 'web', ownerReferences: [{ kind: 'ScaledObject', name: 'web' }] },
          spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' } },
        },
      ],
    };
    expect(await workloads.autoscalers('shop')).toEqual([
      {
        name: 'web',
        target: { kind: 'Deployment', name: 'web' },
        ownerReferences: [{ kind: 'ScaledObject', name: 'web' }],
      },
    ]);
  });

  it.each([403, 404])('are none where the answer is %i', async status => {
    answer = new ApiFailure('no', { kind: 'refused', class: 'needs-action', status });
    expect(await workloads.autoscalers('shop')).toEqual([]);
  });

  it('are not guessed when the API server did not say', async () => {
    answer = new ApiFailure('away', { kind: 'unreachable', class: 'transient' });
    await expect(workloads.autoscalers('shop')).rejects.toThrow('away');
  });
});

it('knows the kinds that are built in', () => {
  expect(isWorkloadKind('apps/v1', 'Deployment')).toBe(true);
  expect(isWorkloadKind('batch/v1', 'CronJob')).toBe(true);
  expect(isWorkloadKind('example.com/v1', 'Deployment')).toBe(false);
  expect(isWorkloadKind('apps/v1', 'toString')).toBe(false);
});
