import { expect, it, onTestFinished } from 'vitest';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

async function setUp() {
  const world = await httpWorld();
  onTestFinished(() => world.close());
  world.grants['looker'] = ['get persistentvolumeclaims/backup shop/orders-db'];
  world.grants['owner'] = [
    'get persistentvolumeclaims/backup shop/orders-db',
    'create persistentvolumeclaims/backup shop/orders-db',
  ];
  await world.history.add([
    exampleRun({ id: 'done', namespaceUid: 'uid-shop' }),
    exampleRun({ id: 'failed', namespaceUid: 'uid-shop', status: 'failed', copies: [] }),
  ]);
  const copy = (who: string, id: string, destination = 'memory') =>
    world.ask(who, 'POST', `backups/${id}/copies`, { destination });
  return { ...world, copy };
}

it('refuses a copy without the right, to a place that is not known, and of nothing', async () => {
  const { copy } = await setUp();
  expect(await copy('looker', 'done')).toMatchObject({ status: 403 });
  expect(await copy('owner', 'done', 'gone')).toMatchObject({
    body: { reason: 'DestinationUnknown' },
  });
  expect(await copy('owner', 'failed')).toMatchObject({ body: { reason: 'BackupHasNoArchive' } });
  expect(await copy('owner', 'none')).toMatchObject({ status: 404 });
});

it('starts a copy, once, and shows it', async () => {
  const { copy, ask } = await setUp();
  const first = await copy('owner', 'done');
  expect(first).toMatchObject({
    status: 202,
    body: { copy: { backup: 'done', destination: 'memory', namespace: 'shop' } },
  });
  const { id } = (first.body as { copy: { id: string } }).copy;
  expect(await ask('owner', 'GET', `copies/${id}`)).toMatchObject({ status: 200, body: { id } });
});
