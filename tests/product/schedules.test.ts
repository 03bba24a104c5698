import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BackupList } from '../../sidecar/api/index.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

const claim = (name: string, metadata: object): Draft =>
  claimOf({ name, namespace: 'shop', ...metadata });

const OBJECTS: Draft[] = [
  namespaceOf('shop'),
  bindingOf('nkvm-runtime', 'shop'),
  claim('orders-db', { annotations: { 'nkvm.io/schedule': '* * * * *' } }),
  claim('mistyped', { labels: { backup: 'hourl' } }),
];

let world: Awaited<ReturnType<typeof playgroundWorld>>;
beforeAll(async () => {
  world = await playgroundWorld('admin', () => undefined, {
    objects: OBJECTS,
    filled: [{ namespace: 'shop', claim: 'orders-db', bytes: 1e6 }],
  });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

it('backs up a claim by its annotation, and says on another one that its label is not valid', async () => {
  const token = await adminToken(world.kubeUrl);
  const [run] = await until(
    'a scheduled backup has succeeded',
    async () => {
      const response = await world.sidecar.fetch(
        '/api/v1/backups?namespace=shop&name=orders-db&status=success',
        token
      );
      const { backups } = (await response.json()) as BackupList;
      return backups.length > 0 ? backups : undefined;
    },
    110_000
  );
  expect(run).toMatchObject({ priority: 'scheduled', requestedBy: 'schedule' });

  const response = await fetch(`${world.kubeUrl}/api/v1/namespaces/shop/events`);
  const { items } = (await response.json()) as {
    items: { reason: string; involvedObject: { name: string } }[];
  };
  const invalid = items.filter(({ reason }) => reason === 'InvalidBackupPolicy');
  expect(invalid.map(({ involvedObject }) => involvedObject.name)).toEqual(['mistyped']);
}, 120_000);
