import { describe, expect, it } from 'vitest';
import type { Pod } from '../../cluster/gateway/pods.ts';
import type { PodLimits } from '../../cluster/limits/podLimits.ts';
import { apiAnswer } from '../../testing/cluster/apiAnswer.ts';
import { exampleHelperSettings } from '../../testing/helper/exampleHelperSettings.ts';
import type { HelperSpec } from '../manifest.ts';
import { createPod } from './createPod.ts';

const spec: HelperSpec = {
  ...{ runId: '01a', attempt: 1, installation: 'i', claimName: 'orders-db', access: 'read' },
  ...{ settings: exampleHelperSettings, node: null, deadlineMs: 1000 },
};
const forbidden = (why: string) => apiAnswer(403, `pods "x" is forbidden: ${why}`, 'Forbidden');
const demand = forbidden('failed quota: compute: must specify limits.cpu for: helper');

/** An API server that admits no pod without a CPU limit. */
function world(limits: PodLimits | undefined, refusal = demand) {
  const asked: Pod[] = [];
  return {
    asked,
    pods: {
      create: async (_: string, pod: Pod) => {
        asked.push(pod);
        if (!pod.spec?.containers[0]?.resources?.limits?.cpu) throw refusal;
        return pod;
      },
    },
    readPodLimits: async () => limits,
  };
}
const quota = (hard: string, used: string): PodLimits => ({
  ranges: [],
  quotas: [{ quota: 'compute', side: 'limits', resource: 'cpu', hard, used }],
});

describe('the creation of a helper pod', () => {
  it('fits the pod to the limits of its namespace, and says so on the pod', async () => {
    const { pods, readPodLimits, asked } = world(quota('2', '0'));
    const pod = await createPod({ pods, readPodLimits }, 'shop', spec, 'x');
    expect(pod.spec?.containers[0]?.resources?.limits).toMatchObject({ cpu: '1', memory: '512Mi' });
    expect(pod.metadata?.annotations?.['nkvm.io/fitted']).toBe('limits.cpu 1 instead of none');
    expect(asked).toHaveLength(2);
  });

  it('asks for what the settings say where nothing is refused', async () => {
    const { pods, asked } = world(undefined);
    const settings = {
      ...exampleHelperSettings,
      resources: { requests: {}, limits: { cpu: '2', memory: '1Gi' } },
    };
    const pod = await createPod({ pods }, 'shop', { ...spec, settings }, 'x');
    expect(asked).toEqual([pod]);
    expect(pod.metadata?.annotations).not.toHaveProperty(['nkvm.io/fitted']);
  });

  it('says with numbers that no helper pod fits', async () => {
    const { pods, readPodLimits, asked } = world(quota('2', '1950m'));
    await expect(createPod({ pods, readPodLimits }, 'shop', spec, 'x')).rejects.toMatchObject({
      reason: 'QuotaNeedsLimits',
      message: expect.stringMatching(
        /demands limits.cpu.*; quota compute has 1950m of 2 limits.cpu in use; a helper pod needs a cpu limit of at least 100m/
      ),
    });
    expect(asked).toHaveLength(1);
  });

  it('leaves it at the first refusal where the limits may not be read', async () => {
    const { pods, readPodLimits, asked } = world(undefined);
    await expect(createPod({ pods, readPodLimits }, 'shop', spec, 'x')).rejects.toBe(demand);
    expect(asked).toHaveLength(1);
  });

  it('asks no second time where it is not about resources', async () => {
    const denied = forbidden('violates PodSecurity "restricted:latest": runAsNonRoot != true');
    const { pods, readPodLimits, asked } = world(quota('2', '0'), denied);
    await expect(createPod({ pods, readPodLimits }, 'shop', spec, 'x')).rejects.toBe(denied);
    expect(asked).toHaveLength(1);
  });
});
