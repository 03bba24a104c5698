import * as fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { VOLUME_NAMES } from './cluster.ts';
import type { Installation, Told } from './installation.ts';
import { OUTAGE_MS } from './sidecar.ts';
import type { World } from './world.ts';

type Command = fc.AsyncCommand<Told, World>;

const DAY_MS = 86_400_000;

const command = (name: string, run: (world: World) => Promise<unknown> | void): Command => ({
  check: () => true,
  run: async (_, world) => void (await run(world)),
  toString: () => name,
});

const volume = fc.constantFrom(...VOLUME_NAMES);
/** A run of one small volume has some fifty effects. */
const effects = fc.nat(60);

const volumes = fc.uniqueArray(volume, { minLength: 1, maxLength: 3 });
/** The neighbour restarts and is killed, too, but less often. */
const either = fc.constantFrom('ours' as const, 'ours' as const, 'neighbour' as const);
const of = (world: World, which: 'ours' | 'neighbour'): Installation => world[which];

const request = volumes.map(names =>
  command(`request ${names}`, world => world.ours.request(names))
);

const requestNeighbour = volumes.map(names =>
  command(`the neighbour requests ${names}`, world => world.neighbour.request(names))
);

const cancel = fc
  .tuple(effects, fc.nat(3))
  .map(([at, which]) =>
    command(`cancel ${which} after ${at}`, world => world.after(at, () => world.ours.cancel(which)))
  );

const deleteHelper = effects.map(at =>
  command(`delete a helper after ${at}`, world =>
    world.after(at, () => world.cluster.deletePod(world.cluster.podNames()[0] ?? ''))
  )
);

const stickHelper = effects.map(at =>
  command(`the next helper cannot be deleted, after ${at}`, world =>
    world.after(at, () => world.cluster.stickNextPod())
  )
);

const breakConnections = effects.map(at =>
  command(`break connections after ${at}`, world =>
    world.after(at, () => world.cluster.breakConnections())
  )
);

const loseAnswer = effects.map(at =>
  command(`lose an answer after ${at}`, world =>
    world.after(at, () => world.cluster.loseNextAnswer())
  )
);

/** Long enough to count as an outage, on a busy machine, too. */
const outage = effects.map(at =>
  command(`an outage after ${at}`, world =>
    world.after(at, async () => {
      world.cluster.goAway();
      await sleep(4 * OUTAGE_MS);
      world.cluster.comeBack();
    })
  )
);

const troubleDisk = fc
  .tuple(effects, fc.constantFrom('ENOSPC' as const, 'EROFS' as const))
  .map(([at, trouble]) =>
    command(`${trouble} after ${at}`, world =>
      world.after(at, () => {
        world.disk.trouble = trouble;
      })
    )
  );

const healDisk = fc.constant(command('heal the disk', world => world.disk.heal()));

const deleteClaim = fc.tuple(effects, volume, fc.boolean()).map(([at, name, isMadeAgain]) =>
  command(`delete claim ${name}${isMadeAgain ? ', make it again,' : ''} after ${at}`, world =>
    world.after(at, () => {
      world.cluster.deleteClaim(name);
      if (isMadeAgain) world.cluster.makeClaim(name);
    })
  )
);

const kill = fc
  .tuple(either, effects, fc.option(fc.nat(30)))
  .map(([which, at, again]) =>
    command(
      `kill ${which} after ${at}${again === null ? '' : `, and again after ${again}`}`,
      world => world.kill(of(world, which), at, again)
    )
  );

const restart = fc.tuple(either, effects).map(([which, at]) =>
  command(`restart ${which} after ${at}`, async world => {
    await world.after(at, () => undefined);
    await world.restart(of(world, which));
  })
);

const restartOnFullDisk = fc.tuple(effects, fc.boolean()).map(([at, isKilled]) =>
  command(`${isKilled ? 'kill' : 'restart'} on a full disk after ${at}`, async world => {
    await world.after(at, () => world.disk.fill());
    if (isKilled) await world.kill(world.ours, 0, null);
    else await world.restart(world.ours);
  })
);

const stepClock = fc
  .constantFrom(-DAY_MS, -1_000, DAY_MS)
  .map(ms => command(`step the clock by ${ms / 1_000} s`, world => world.stepClock(ms)));

/** What people do to the product, and the world with it. Requests come more often than anything else. */
export const commands: fc.Arbitrary<Command>[] = [
  request,
  request,
  request,
  requestNeighbour,
  cancel,
  deleteHelper,
  stickHelper,
  breakConnections,
  loseAnswer,
  outage,
  troubleDisk,
  healDisk,
  deleteClaim,
  kill,
  restart,
  restartOnFullDisk,
  stepClock,
];

/** Nothing but outages can end an attempt here. */
export const outages: fc.Arbitrary<Command>[] = [
  request,
  request,
  requestNeighbour,
  cancel,
  outage,
  outage,
  deleteClaim,
  stepClock,
];
