import { expect, it } from 'vitest';
import { createHelper } from '../../helper/helper.ts';
import { exampleHelperSpec } from '../../testing/helper/exampleHelperSpec.ts';
import { processCluster } from '../../testing/helper/processCluster.ts';
import type { IsOpen } from './openNamespaces.ts';
import { podsWhereOpen } from './podsWhereOpen.ts';

const create = async (isOpen: IsOpen) => {
  const cluster = processCluster('/none');
  const pods = podsWhereOpen(cluster.pods, { ask: async () => isOpen });
  const made = createHelper({ ...cluster, pods }, 'shop', exampleHelperSpec);
  return await made.then(
    () => cluster.existing.size,
    error => [error.stage, error.reason, error.class, cluster.existing.size]
  );
};

it.each<[IsOpen, unknown]>([
  [true, 1],
  ['unselected', ['create', 'NamespaceNotSelected', 'needs-action', 0]],
  ['unknown', ['create', 'ApiUnreachable', 'transient', 0]],
  [false, 1],
])('of a namespace that is open: %s', async (isOpen, expected) => {
  expect(await create(isOpen)).toEqual(expected);
});
