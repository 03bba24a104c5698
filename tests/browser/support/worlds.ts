import type { Call } from '../../cluster/support/backups.ts';
import type { Contents, World } from '../../demo/playgroundWorld.ts';
import { adminToken, playgroundWorld } from '../../demo/playgroundWorld.ts';
import { prepare } from '../../demo/prepare.ts';
import { FILLED, shop } from '../../demo/shop.ts';
import type { Playground } from '../../playground/playground.ts';
import type { Sidecar } from '../../support/sidecar.ts';
import type { Headlamp } from './headlamp.ts';
import { headlampOver } from './page.ts';

/** A cluster with NKVM in it, and an administrator in front of Headlamp. */
export interface SeenWorld extends World {
  playground: Playground;
  sidecar: Sidecar;
  headlamp: Headlamp;
}

const SMALL = 1e5;
/** Takes long enough to be watched, and to be cancelled. */
const BIG = 600e6;
/** Bound without a pod. */
const LONELY = 'old-exports';

/** The demo's shop with little in its volumes, but for those called `big`. */
const shopWith = (big?: string): Contents => ({
  objects: shop(),
  filled: FILLED.map(each => ({ ...each, bytes: each.claim === big ? BIG : SMALL })),
});
const NOTHING: Contents = { objects: [], filled: [] };
const ONE: Contents = {
  objects: shop().filter(
    ({ kind, metadata }) =>
      kind === 'Namespace' || /Binding$/.test(kind ?? '') || metadata?.name === LONELY
  ),
  filled: [{ namespace: 'shop', claim: LONELY, bytes: SMALL }],
};

/** The shop of the demo, with little in its volumes. @param big a claim whose backup takes some seconds. */
export const seeShop = (big?: 'statements'): Promise<SeenWorld> => see(shopWith(big));

/** A cluster without any volume. */
export const seeNothing = (): Promise<SeenWorld> => see(NOTHING);

/** One volume, `shop/old-exports`, that nothing uses. */
export const seeOneVolume = (): Promise<SeenWorld> => see(ONE);

/** A way to the sidecar, as an administrator. */
export async function callAsAdmin({ kubeUrl, sidecar }: SeenWorld): Promise<Call> {
  const token = await adminToken(kubeUrl);
  return (path, init) => sidecar.fetch(path, token, init);
}

async function see(contents: Contents): Promise<SeenWorld> {
  await prepare(() => undefined);
  const world = await playgroundWorld('admin', () => undefined, contents);
  try {
    const headlamp = await headlampOver(world.kubeUrl);
    const stop = () => headlamp.close().finally(world.stop);
    return { ...world, headlamp, stop };
  } catch (error) {
    await world.stop();
    throw error;
  }
}
