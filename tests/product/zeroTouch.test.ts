import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Call } from '../cluster/support/backups.ts';
import { backUp } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { fill } from '../demo/fill.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import { restoresAllowed, shop } from '../demo/shop.ts';
import { applyWikiAgain, boundWiki, deleteWiki, WIKI, wiki, zeroTouch } from '../demo/zeroTouch.ts';
import type { Draft } from '../playground/store/object.ts';

let world: Awaited<ReturnType<typeof playgroundWorld>>;
let call: Call;
const get = async (path: string): Promise<Draft & { status?: Record<string, unknown> }> =>
  (await (await fetch(world.kubeUrl + path)).json()) as never;

beforeAll(async () => {
  const only = (draft: Draft) => draft.kind === 'Namespace' || draft.kind === 'RoleBinding';
  const objects = [...zeroTouch(), ...shop().filter(only), ...restoresAllowed()];
  world = await playgroundWorld('admin', () => undefined, { objects, filled: [] });
  const token = await adminToken(world.kubeUrl);
  call = (path, init) => world.sidecar.fetch(path, token, init);
}, 120_000);
afterAll(() => world?.stop());

describe('a labelled claim', () => {
  it('starts empty when every destination says that there is no backup', async () => {
    world.playground.apply(wiki());
    const { metadata } = await boundWiki(world.kubeUrl);
    expect(metadata.annotations).toMatchObject({ 'nkvm.io/started-empty': 'none-found' });
    await fill(world.playground.volumePath(WIKI.namespace, WIKI.name), 1e6);
    expect(await backUp(call, WIKI.namespace, WIKI.name)).toMatchObject({ status: 'success' });
  }, 120_000);

  it('is deleted, applied again, and comes back with its files', async () => {
    const where = { ...world };
    const deleted = await deleteWiki(where);
    expect(await applyWikiAgain(where, deleted)).toMatchObject({ isSame: true });
    const path = '/apis/nkvm.io/v1alpha1/namespaces/shop/backuprestores/wiki';
    await until(
      'the BackupRestore says so',
      async () => (await get(path)).status?.state === 'bound',
      30_000
    );
    await until(
      'the pod runs',
      async () => {
        const { items } = (await get('/api/v1/namespaces/shop/pods')) as unknown as {
          items: { status: { phase: string } }[];
        };
        return items.some(({ status }) => status.phase === 'Running');
      },
      30_000
    );
  }, 120_000);
});
