import { expect, it, onTestFinished } from 'vitest';
import { httpWorld } from '../../testing/httpWorld.ts';

async function setUp() {
  const world = await httpWorld();
  onTestFinished(() => world.close());
  const access = async (who: string | undefined, namespace: string, query = '') =>
    await world.ask(who, 'GET', `namespaces/${namespace}/access${query}`);
  return { world, access };
}

it('says for each action whether the caller may do it, and which rights are missing', async () => {
  const { access } = await setUp();
  expect(await access('shopper', 'shop')).toMatchObject({
    status: 200,
    body: {
      namespace: 'shop',
      user: 'shopper',
      scope: 'namespaces',
      actions: [
        { action: 'see', allowed: true, missing: [], role: 'nkvm-viewer' },
        { action: 'backUp', allowed: true, missing: [], role: 'nkvm-operator' },
        {
          action: 'browse',
          allowed: false,
          missing: ['get persistentvolumeclaims/archive'],
          role: 'nkvm-restorer',
        },
        {
          action: 'restore',
          allowed: false,
          missing: ['create persistentvolumeclaims/restore', 'get persistentvolumeclaims/archive'],
          role: 'nkvm-restorer',
        },
      ],
    },
  });
});

it('says the same of a namespace without rights and of one that is not there', async () => {
  const { access } = await setUp();
  const allowed = async (namespace: string) =>
    (await access('shopper', namespace)).body.actions.map(
      (each: { allowed: boolean }) => each.allowed
    );
  expect(await allowed('billing')).toEqual([false, false, false, false]);
  expect(await allowed('nowhere')).toEqual([false, false, false, false]);
});

it('counts a right on one volume for that volume only', async () => {
  const { access } = await setUp();
  const mayBackUp = async (query: string) =>
    (await access('single', 'shop', query)).body.actions[1].allowed;
  expect(await mayBackUp('?name=orders-db')).toBe(true);
  expect(await mayBackUp('?name=new')).toBe(false);
  expect(await mayBackUp('')).toBe(false);
  expect(await access('single', 'shop', '?name=No_claim')).toMatchObject({ status: 400 });
  expect(await access('single', 'shop', '?names=orders-db')).toMatchObject({ status: 400 });
});

it('does not count a right on one volume for all, asks about nobody else, and refuses callers without a token', async () => {
  const { world, access } = await setUp();
  const { body } = await access('single', 'shop');
  expect(body.actions[1]).toMatchObject({ action: 'backUp', allowed: false });
  expect(world.reviews.slice(1).every(each => each.startsWith('single '))).toBe(true);
  expect(await access(undefined, 'shop')).toMatchObject({ status: 401 });
  expect(await access('single', 'No_where')).toMatchObject({ status: 400 });
});
