import type { World } from '../../demo/playgroundWorld.ts';
import { playgroundWorld } from '../../demo/playgroundWorld.ts';
import { prepare } from '../../demo/prepare.ts';
import { FILLED, shop } from '../../demo/shop.ts';
import type { Playground } from '../../playground/playground.ts';
import type { Sidecar } from '../../support/sidecar.ts';
import type { Headlamp } from './page.ts';
import { startHeadlamp } from './page.ts';

/** A cluster with NKVM in it, and an administrator in front of Headlamp. */
export interface SeenWorld extends World {
  playground: Playground;
  sidecar: Sidecar;
  headlamp: Headlamp;
}

/** Takes long enough to be watched, and to be cancelled. */
const BIG = 400e6;
const SMALL = 1e5;
const SMALL_SHOP = {
  objects: shop(),
  filled: FILLED.map(each => ({ ...each, bytes: each.claim === 'statements' ? BIG : SMALL })),
};
const NOTHING = { objects: [], filled: [] };

/** The shop of the demo with little in its volumes. `billing/statements` alone is big. */
export const seeShop = (): Promise<SeenWorld> => see(SMALL_SHOP);

/** A cluster without any volume. */
export const seeNothing = (): Promise<SeenWorld> => see(NOTHING);

async function see(contents: typeof SMALL_SHOP | typeof NOTHING): Promise<SeenWorld> {
  await prepare(() => undefined);
  const world = await playgroundWorld('admin', () => undefined, contents);
  try {
    const headlamp = await startHeadlamp(world.kubeUrl);
    const stop = () => headlamp.close().finally(world.stop);
    return { ...world, headlamp, stop };
  } catch (error) {
    await world.stop();
    throw error;
  }
}
