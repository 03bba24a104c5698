import { describe, expect, it } from 'vitest';
import type { ComputeQuota, ComputeRange, PodLimits } from '../../cluster/limits/podLimits.ts';
import { exampleHelperSettings } from '../../testing/helper/exampleHelperSettings.ts';
import { wantedResources } from '../manifest.ts';
import { fitResources } from './fitResources.ts';

const wanted = wantedResources(exampleHelperSettings);

type Bounds = Partial<Pick<ComputeRange, 'min' | 'max' | 'ratio' | 'default' | 'type'>>;
const range = (resource: string, bounds: Bounds): ComputeRange => ({
  ...{ limitRange: 'sizes', type: 'Container', resource },
  ...{ min: null, max: null, ratio: null, default: null },
  ...bounds,
});
const quota = (what: string, hard: string, used = '0'): ComputeQuota => {
  const [side = '', resource = ''] = what.split('.');
  return { quota: 'compute', side: side as ComputeQuota['side'], resource, hard, used };
};
const limits = (ranges: ComputeRange[], quotas: ComputeQuota[] = []): PodLimits => ({
  ranges,
  quotas,
});

/** What is wanted: requests of 50m and 64Mi, limits of 512Mi and no CPU limit, 16Mi and 320Mi of storage. */
const FITS: [string, PodLimits, string[]][] = [
  ['nothing where nothing is limited', limits([]), []],
  [
    'a CPU limit where a quota demands one',
    limits([], [quota('limits.cpu', '2')]),
    ['limits.cpu 1 instead of none'],
  ],
  [
    'the rest of a quota of CPU limits',
    limits([], [quota('limits.cpu', '2', '1800m')]),
    ['limits.cpu 200m instead of none'],
  ],
  [
    'the default of the LimitRange where a quota demands a limit',
    limits([range('cpu', { default: '250m' })], [quota('limits.cpu', '2')]),
    ['limits.cpu 250m instead of none'],
  ],
  [
    'more than a default with which no helper can work',
    limits([range('cpu', { default: '20m' })]),
    ['limits.cpu 100m instead of none'],
  ],
  [
    'a smaller memory limit where there is a maximum',
    limits([range('memory', { max: '256Mi' })]),
    ['limits.memory 256Mi instead of 512Mi'],
  ],
  [
    'a smaller memory limit where a quota has little left',
    limits([], [quota('limits.memory', '1Gi', '800Mi')]),
    ['limits.memory 224Mi instead of 512Mi'],
  ],
  [
    'a CPU limit where a pod may have no more',
    limits([range('cpu', { max: '500m', type: 'Pod' })]),
    ['limits.cpu 500m instead of none'],
  ],
  [
    'a bigger request where there is a minimum',
    limits([range('cpu', { min: '100m' })]),
    ['requests.cpu 100m instead of 50m'],
  ],
  [
    'bigger limits where there is a minimum',
    limits([range('memory', { min: '1Gi' })]),
    ['requests.memory 1024Mi instead of 64Mi', 'limits.memory 1024Mi instead of 512Mi'],
  ],
  [
    'a bigger request where the ratio is limited',
    limits([range('memory', { ratio: '4' })]),
    ['requests.memory 128Mi instead of 64Mi'],
  ],
  [
    'a request that is rounded up, so that the ratio holds',
    limits([range('memory', { ratio: '3' })]),
    ['requests.memory 171Mi instead of 64Mi'],
  ],
  [
    'request and limit of CPU where the ratio is limited',
    limits([range('cpu', { ratio: '4' })]),
    ['requests.cpu 250m instead of 50m', 'limits.cpu 1 instead of none'],
  ],
  [
    'a smaller limit where the ratio is limited and a quota allows no bigger request',
    limits([range('memory', { ratio: '4' })], [quota('requests.memory', '1Gi', '960Mi')]),
    ['limits.memory 256Mi instead of 512Mi'],
  ],
  [
    'a smaller request where a quota has little left',
    limits([], [quota('requests.cpu', '1', '970m')]),
    ['requests.cpu 30m instead of 50m'],
  ],
  [
    'the strictest of several LimitRanges',
    limits([range('memory', { max: '400Mi' }), range('memory', { max: '300Mi', type: 'Pod' })]),
    ['limits.memory 300Mi instead of 512Mi'],
  ],
  [
    'all of it together',
    limits([
      range('cpu', { max: '500m', ratio: '2' }),
      range('memory', { ratio: '2', max: '256Mi' }),
    ]),
    [
      'requests.cpu 250m instead of 50m',
      'requests.memory 128Mi instead of 64Mi',
      'limits.cpu 500m instead of none',
      'limits.memory 256Mi instead of 512Mi',
    ],
  ],
  [
    'a bigger request of local storage where the ratio is limited',
    limits([range('ephemeral-storage', { ratio: '10' })]),
    ['requests.ephemeral-storage 32Mi instead of 16Mi'],
  ],
];

const MISFITS: [string, PodLimits, string[]][] = [
  [
    'a maximum of memory',
    limits([range('memory', { max: '64Mi' })]),
    [
      'LimitRange sizes has a maximum of 64Mi memory for each Container; a helper pod needs a memory limit of at least 128Mi (NKVM_HELPER_MEMORY_LIMIT)',
    ],
  ],
  [
    'a quota that is used up',
    limits([], [quota('limits.cpu', '2', '2')]),
    [
      'quota compute has 2 of 2 limits.cpu in use; a helper pod needs a cpu limit of at least 100m (NKVM_HELPER_CPU_LIMIT)',
    ],
  ],
  [
    'a quota of requests that is used up',
    limits([], [quota('requests.memory', '1Gi', '1Gi')]),
    [
      'quota compute has 1Gi of 1Gi requests.memory in use; a helper pod needs a memory request of at least 32Mi (NKVM_HELPER_MEMORY_REQUEST)',
    ],
  ],
  [
    'a maximum of local storage, which the index of an archive needs',
    limits([range('ephemeral-storage', { max: '100Mi' })]),
    [
      'LimitRange sizes has a maximum of 100Mi ephemeral-storage for each Container; a helper pod needs a ephemeral-storage limit of at least 320Mi',
    ],
  ],
];

describe('a helper pod gets', () => {
  it.each(FITS)('%s', (_, allowed, changes) => {
    const fitted = fitResources(wanted, allowed);
    expect(fitted.changes).toEqual(changes);
    expect(fitted.misfits).toEqual([]);
  });

  it('nothing else', () => {
    expect(fitResources(wanted, limits([])).resources).toEqual(wanted);
  });
});

describe('no helper pod fits, and the numbers say why, with', () => {
  it.each(MISFITS)('%s', (_, allowed, misfits) => {
    expect(fitResources(wanted, allowed).misfits).toEqual(misfits);
  });
});
