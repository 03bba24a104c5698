import { expect, it } from 'vitest';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import { createHelper } from '../helper/helper.ts';
import { exampleHelperSpec } from '../testing/exampleHelperSpec.ts';
import { processCluster } from '../testing/processCluster.ts';
import { podsInCluster } from './podsInCluster.ts';

const create = async (readUid: () => Promise<string>) => {
  const cluster = processCluster('/none');
  const pods = podsInCluster(cluster.pods, { name: 'edge', uid: 'uid-edge', readUid });
  const made = createHelper({ ...cluster, pods }, 'shop', exampleHelperSpec);
  return await made.then(
    () => cluster.existing.size,
    error => [error.stage, error.reason, cluster.existing.size]
  );
};

it('creates a pod in the cluster that it is for', async () => {
  expect(await create(async () => 'uid-edge')).toBe(1);
});

it('creates none in another one that has its address now', async () => {
  expect(await create(async () => 'uid-other')).toEqual(['create', 'ClusterReplaced', 0]);
});

it('creates none where the API server does not say which cluster it is', async () => {
  const away = async () => {
    throw new ApiFailure('no answer', { kind: 'unreachable', class: 'transient' });
  };
  expect(await create(away)).toMatchObject({ length: 3, 2: 0 });
});
