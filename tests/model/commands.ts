import * as fc from 'fast-check';
import { VOLUME_NAMES } from './cluster.ts';
import type { Told, World } from './world.ts';

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

const request = fc
  .uniqueArray(volume, { minLength: 1, maxLength: 3 })
  .map(names => command(`request ${names}`, world => world.request(names)));

const cancel = fc
  .tuple(effects, fc.nat(3))
  .map(([at, which]) =>
    command(`cancel ${which} after ${at}`, world => world.after(at, () => world.cancel(which)))
  );

const deleteHelper = effects.map(at =>
  command(`delete a helper after ${at}`, world =>
    world.after(at, () => world.cluster.deletePod(world.cluster.podNames()[0] ?? ''))
  )
);

const breakConnections = effects.map(at =>
  command(`break connections after ${at}`, world =>
    world.after(at, () => world.cluster.breakConnections())
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

const healDisk = fc.constant(
  command('heal the disk', world => {
    world.disk.trouble = undefined;
  })
);

const deleteClaim = fc.tuple(effects, volume, fc.boolean()).map(([at, name, isMadeAgain]) =>
  command(`delete claim ${name}${isMadeAgain ? ', make it again,' : ''} after ${at}`, world =>
    world.after(at, () => {
      world.cluster.deleteClaim(name);
      if (isMadeAgain) world.cluster.makeClaim(name);
    })
  )
);

const kill = fc
  .tuple(effects, fc.option(fc.nat(30)))
  .map(([at, again]) =>
    command(`kill after ${at}${again === null ? '' : `, and again after ${again}`}`, world =>
      world.kill(at, again)
    )
  );

const restart = effects.map(at =>
  command(`restart after ${at}`, async world => {
    await world.after(at, () => undefined);
    await world.restart();
  })
);

const stepClock = fc
  .constantFrom(-DAY_MS, -1_000, DAY_MS)
  .map(ms => command(`step the clock by ${ms / 1_000} s`, world => world.stepClock(ms)));

/** What people do to the product, and the world with it. Requests come twice as often. */
export const commands: fc.Arbitrary<Command>[] = [
  request,
  request,
  cancel,
  deleteHelper,
  breakConnections,
  troubleDisk,
  healDisk,
  deleteClaim,
  kill,
  restart,
  stepClock,
];
