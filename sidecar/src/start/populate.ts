import { onReopened } from '../backup/copies/outageCosts.ts';
import { backupRestoresOf } from '../cluster/writes/backupRestores.ts';
import { eventsOf } from '../cluster/writes/events.ts';
import { hidePlaces } from '../destinations/places/hiddenPlaces.ts';
import type { PopulateController } from '../policy/populate/controller/controller.ts';
import { populateController } from '../policy/populate/controller/controller.ts';
import { tellOf } from '../policy/populate/controller/tell.ts';
import type { DecisionFor } from '../policy/populate/decisionFor.ts';
import type { Foundations } from './foundations.ts';
import type { Runs } from './runs.ts';
import type { Upkeep } from './upkeep.ts';

const TICK_MS = 1_000;

/** Starts what gives claims that wait for NKVM their first data; it does nothing until deploy/k8s/zero-touch is applied. */
export async function startPopulate(
  { life, log, now, gateway, history, inventory, places }: Foundations,
  { restores, queue }: Runs,
  { prepared }: Upkeep,
  decisionFor: DecisionFor
): Promise<PopulateController> {
  const objects = backupRestoresOf(gateway);
  const controller = populateController({
    ...restores.handOver,
    ...{ history, inventory, places, queue, decisionFor, now, log },
    restores: objects,
    tell: tellOf({
      ...{ restores: objects, send: eventsOf(gateway), now, log },
      hide: text => hidePlaces(places.all())(text),
    }),
    clock: () => performance.now(),
  });
  await life.start({
    name: 'automatic restores',
    start() {
      let ticking = Promise.resolve();
      let isTicking = false;
      const tick = (): void => {
        if (isTicking || !prepared.isReady()) return;
        isTicking = true;
        ticking = controller.tick(life.signal).finally(() => (isTicking = false));
      };
      const timer = setInterval(tick, TICK_MS);
      const unfollow = onReopened(places, () => controller.hurry());
      return async () => {
        clearInterval(timer);
        unfollow();
        await ticking;
        await controller.settled();
      };
    },
    stop: stop => stop(),
  });
  return controller;
}
