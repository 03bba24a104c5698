import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../gateway/apiFailure.ts';
import type { NamespaceLimits } from './quotas.ts';
import { limitsBroken, readLimits } from './quotas.ts';

const quota = (resource: string, hard: string, used: string): NamespaceLimits => ({
  quotas: [{ quota: 'storage', resource, hard, used }],
  ranges: [],
});
const range = (min: string | null, max: string | null): NamespaceLimits => ({
  quotas: [],
  ranges: [{ limitRange: 'sizes', min, max }],
});
const claim = { size: '10Gi', storageClass: 'fast' };

describe('limitsBroken', () => {
  it.each<[string, NamespaceLimits]>([
    ['nothing is limited', { quotas: [], ranges: [] }],
    ['it fits exactly', quota('requests.storage', '20Gi', '10Gi')],
    ['there is one claim left', quota('persistentvolumeclaims', '4', '3')],
    [
      'the quota is for another class',
      quota('slow.storageclass.storage.k8s.io/requests.storage', '1Gi', '1Gi'),
    ],
    ['the range holds it', range('10Gi', '10Gi')],
  ])('says nothing where %s', (_, limits) => expect(limitsBroken(limits, claim)).toEqual([]));

  it.each<[string, NamespaceLimits, string]>([
    [
      'storage',
      quota('requests.storage', '20Gi', '11Gi'),
      'ResourceQuota storage allows 20Gi of requests.storage, 11Gi is used, and this claim asks for 10Gi',
    ],
    [
      'claims',
      quota('persistentvolumeclaims', '3', '3'),
      'ResourceQuota storage allows 3 of persistentvolumeclaims, 3 is used, and this claim asks for 1',
    ],
    [
      'claims of the class',
      quota('fast.storageclass.storage.k8s.io/persistentvolumeclaims', '0', '0'),
      'ResourceQuota storage allows 0 of fast.storageclass.storage.k8s.io/persistentvolumeclaims, 0 is used, and this claim asks for 1',
    ],
    ['size above', range(null, '5Gi'), 'LimitRange sizes allows claims of up to 5Gi, not 10Gi'],
    ['size below', range('1Ti', null), 'LimitRange sizes allows claims from 1Ti on, not 10Gi'],
  ])('names the limit on %s', (_, limits, sentence) =>
    expect(limitsBroken(limits, claim)).toEqual([sentence])
  );
});

it('does not know the limits where the runner may not read them', async () => {
  const gateway = {
    json: async () => {
      throw new ApiFailure('forbidden', { kind: 'refused', class: 'needs-action' });
    },
  };
  expect(await readLimits(gateway, 'shop')).toBeUndefined();
});

it('reads what concerns claims', async () => {
  const answers: Record<string, object[]> = {
    resourcequotas: [
      {
        metadata: { name: 'storage' },
        status: { hard: { 'requests.storage': '20Gi', pods: '3' }, used: { pods: '1' } },
      },
    ],
    limitranges: [
      {
        metadata: { name: 'sizes' },
        spec: {
          limits: [
            { type: 'Container', max: { cpu: '1' } },
            { type: 'PersistentVolumeClaim', max: { storage: '5Gi' } },
          ],
        },
      },
    ],
  };
  const gateway = {
    json: async <T>({ path }: { path: string }): Promise<T> =>
      ({ items: answers[path.split('/').at(-1) ?? ''] } as T),
  };
  expect(await readLimits(gateway, 'shop')).toEqual({
    quotas: [{ quota: 'storage', resource: 'requests.storage', hard: '20Gi', used: '0' }],
    ranges: [{ limitRange: 'sizes', min: null, max: '5Gi' }],
  });
});
