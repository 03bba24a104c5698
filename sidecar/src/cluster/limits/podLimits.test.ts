import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../gateway/apiFailure.ts';
import { readPodLimits } from './podLimits.ts';

const gatewayOf = (answers: Record<string, object[]>) => ({
  json: async <T>({ path }: { path: string }): Promise<T> =>
    ({ items: answers[path.split('/').at(-1) ?? ''] } as T),
});
const quotaFor = (spec: object) =>
  gatewayOf({
    resourcequotas: [
      { metadata: { name: 'compute' }, spec, status: { hard: { 'limits.cpu': '2' } } },
    ],
    limitranges: [],
  });

describe('the limits on a pod', () => {
  it('are what LimitRanges say of containers and pods, and quotas of compute resources', async () => {
    const gateway = gatewayOf({
      resourcequotas: [
        {
          metadata: { name: 'compute' },
          status: {
            hard: { cpu: '4', 'limits.memory': '8Gi', pods: '9', 'requests.storage': '1Ti' },
            used: { cpu: '1' },
          },
        },
      ],
      limitranges: [
        {
          metadata: { name: 'sizes' },
          spec: {
            limits: [
              { type: 'Container', max: { cpu: '1' }, default: { cpu: '500m' } },
              { type: 'Pod', maxLimitRequestRatio: { memory: '4' } },
              { type: 'PersistentVolumeClaim', max: { storage: '5Gi' } },
            ],
          },
        },
      ],
    });
    const none = { limitRange: 'sizes', min: null, max: null, ratio: null, default: null };
    expect(await readPodLimits(gateway, 'shop')).toEqual({
      ranges: [
        { ...none, type: 'Container', resource: 'cpu', max: '1', default: '500m' },
        { ...none, type: 'Pod', resource: 'memory', ratio: '4' },
      ],
      quotas: [
        { quota: 'compute', side: 'requests', resource: 'cpu', hard: '4', used: '1' },
        { quota: 'compute', side: 'limits', resource: 'memory', hard: '8Gi', used: '0' },
      ],
    });
  });

  it.each<[string, object, string | undefined, number]>([
    ['no scope', {}, undefined, 1],
    ['pods with a deadline', { scopes: ['Terminating', 'NotBestEffort'] }, undefined, 1],
    ['pods without a deadline', { scopes: ['NotTerminating'] }, undefined, 0],
    ['pods without resources', { scopes: ['BestEffort'] }, undefined, 0],
    [
      'a PriorityClass',
      {
        scopeSelector: {
          matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['low'] }],
        },
      },
      'low',
      1,
    ],
    [
      'another PriorityClass',
      {
        scopeSelector: {
          matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
        },
      },
      'low',
      0,
    ],
  ])('a quota of %s', async (_, spec, priorityClass, count) => {
    const read = await readPodLimits(quotaFor(spec), 'shop', priorityClass);
    expect(read?.quotas).toHaveLength(count);
  });

  it('are not known where the runner may not read them', async () => {
    const json = async () => {
      throw new ApiFailure('forbidden', { kind: 'refused', class: 'needs-action' });
    };
    expect(await readPodLimits({ json }, 'shop')).toBeUndefined();
  });
});
