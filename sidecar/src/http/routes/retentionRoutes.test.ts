import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;
beforeEach(async () => void (world = await httpWorld()));
afterEach(() => world.close());

const approve = (who: string | undefined, body: unknown) =>
  world.ask(who, 'POST', 'retention/approve', body);

it('is not for those who may not change settings, or are not known', async () => {
  const body = { destination: 'local', removed: 7 };
  expect(await approve('viewer', body)).toMatchObject({
    status: 403,
    body: { detail: expect.stringContaining('may not update settings.nkvm.io') },
  });
  expect(await approve(undefined, body)).toMatchObject({ status: 401 });
});

it.each([
  {},
  { destination: 'local' },
  { destination: 'local', removed: 0 },
  { destination: 'local', removed: 7, force: true },
])('refuses %j', async body => {
  expect(await approve('admin', body)).toMatchObject({ status: 400 });
});

it.each([
  { destination: 'local', removed: 8 },
  { destination: 'nas', removed: 7 },
])('refuses %j, which is not the plan that waits', async body => {
  expect(await approve('admin', body)).toMatchObject({
    status: 409,
    body: { reason: 'RetentionPlanChanged' },
  });
});

it('takes the number that the plan shows', async () => {
  expect(await approve('admin', { destination: 'local', removed: 7 })).toMatchObject({
    status: 202,
    body: { destination: 'local', removed: 7 },
  });
});
