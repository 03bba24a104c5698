import { expect, it } from 'vitest';
import type { BackupList } from '../../sidecar/api/index.ts';
import { until } from '../cluster/support/until.ts';
import { expectNothingLeft, helpersOf } from './support/afterwards.ts';
import { manyClaims } from './support/manyClaims.ts';
import { worldWith } from './support/world.ts';

const CLAIMS = 25;
const REQUESTS = 8;
const LIMIT = 4;

it(`[forgotten run] ${
  CLAIMS * REQUESTS
} backups of ${CLAIMS} volumes asked for at once: one run each, all succeed, never more than ${LIMIT} helpers`, async () => {
  const volumes = manyClaims(CLAIMS);
  const world = await worldWith({
    NKVM_MAX_PARALLEL: `${LIMIT}`,
    NKVM_MAX_PARALLEL_PER_NODE: `${LIMIT}`,
  });
  const post = () =>
    world.call('/api/v1/backups', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ volumes }),
    });
  const answers = await Promise.all(Array.from({ length: REQUESTS }, post));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
  const lists = (await Promise.all(answers.map(answer => answer.json()))) as BackupList[];
  const ids = new Set(lists.flatMap(({ backups }) => backups.map(({ id }) => id)));
  expect(ids.size).toBe(CLAIMS);

  let mostHelpers = 0;
  const runs = await until(
    'all runs have ended',
    async () => {
      mostHelpers = Math.max(mostHelpers, helpersOf(world).length);
      const answer = await world.call('/api/v1/backups?limit=100');
      const { backups } = (await answer.json()) as BackupList;
      return backups.every(({ endedAt }) => endedAt !== null) ? backups : undefined;
    },
    150_000
  );
  expect(runs.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'success'));
  expect(mostHelpers).toBeGreaterThan(1);
  expect(mostHelpers).toBeLessThanOrEqual(LIMIT);
  expectNothingLeft(world, CLAIMS);
});
