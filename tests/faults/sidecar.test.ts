import { expect, it } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import { ended, read } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { expectNothingLeft } from './support/afterwards.ts';
import { stopOnName } from './support/onName.ts';
import type { Transport } from './support/transports.ts';
import { heldGround, USUAL } from './support/transports.ts';
import type { FaultVolume } from './support/volume.ts';
import { faultVolume } from './support/volume.ts';
import type { Relay } from './support/wire.ts';
import type { World } from './support/world.ts';
import { begin, worldOn } from './support/world.ts';

const MiB = 1 << 20;

type Reach = (world: World, volume: FaultVolume, way: Relay) => Promise<string>;

const atStage =
  (...stages: Backup['stage'][]): Reach =>
  async ({ call }, volume) => {
    const id = await begin(call, volume);
    const look = async () => stages.includes((await read(call, id)).stage);
    await until(`run ${id} is at stage ${stages[0]}`, look, 30_000, 5);
    return id;
  };

const atByte =
  (bytes: number): Reach =>
  async ({ call }, volume, way) => {
    const held = way.holdAt(bytes);
    const id = await begin(call, volume);
    await held;
    return id;
  };

const atName =
  (ending: string): Reach =>
  async ({ sidecar, call, backups }, volume) => {
    const id = await begin(call, volume);
    await stopOnName(sidecar.pid, backups, ending);
    return id;
  };

const WITHOUT_MANIFEST = [
  'between the name of the index and that of its archive',
  'between the archive’s name and its manifest',
] as const;

/** Where the process is when it is killed, and the first attempt that can succeed: a manifest proves the one before. */
const POINTS: [string, Reach, number][] = [
  ['when the request is answered', ({ call }, volume) => begin(call, volume), 2],
  ['at stage create', atStage('create', 'wait'), 2],
  ['at stage wait', atStage('wait', 'exec'), 2],
  ['at 3 % of the stream', atByte(1 * MiB), 2],
  ['at 25 % of the stream', atByte(8 * MiB), 2],
  ['at 50 % of the stream', atByte(16 * MiB), 2],
  ['at 75 % of the stream', atByte(24 * MiB), 2],
  ['at the end of the stream', atByte(31.5 * MiB), 2],
  [WITHOUT_MANIFEST[0], atName('.tar.gz.index.gz'), 2],
  [WITHOUT_MANIFEST[1], atName('.tar.gz'), 2],
  ['between the manifest and the record of the success', atName('.tar.gz.json'), 1],
];

/** Ten helpers send at once: where a slow machine cuts a stream, that is noticed, and one more attempt is needed. */
const ENV = { NKVM_MAX_ATTEMPTS: '6' };

/** @returns the state after the kill. The starts wait for each other's backoff, so they happen together. */
async function killAt(reach: Reach, transport: Transport) {
  const volume = faultVolume(32);
  const { way, ground } = await heldGround(transport);
  const world = await worldOn(ground, ENV);
  const id = await reach(world, volume, way);
  await world.sidecar.stop('SIGKILL');
  way.release();
  return async (): Promise<{ world: World; run: Backup }> => {
    const after = await world.again(ENV);
    return { world: after, run: await ended(after.call, id, 300_000) };
  };
}

it.each([USUAL])(
  '[forgotten run] sidecar killed with SIGKILL at 11 points: each run ends in success (%s)',
  async transport => {
    const goesOn: (() => Promise<{ world: World; run: Backup }>)[] = [];
    for (const [, reach] of POINTS) goesOn.push(await killAt(reach, transport));
    const ends = await Promise.all(goesOn.map(go => go()));
    for (const [at, { run }] of ends.entries()) {
      const [name, , attempt] = POINTS[at] ?? [];
      expect({ name, status: run.status }).toEqual({ name, status: 'success' });
      expect(run.attempt, name).toBeGreaterThanOrEqual(attempt ?? 1);
      if (attempt === 1) expect(run.attempt, name).toBe(1);
    }
    for (const [at, { world }] of ends.entries()) {
      const isUnproven = WITHOUT_MANIFEST.some(name => name === POINTS[at]?.[0]);
      expectNothingLeft(world, 1, isUnproven ? 1 : 0);
    }
  },
  450_000
); // twelve sidecars start and run, one after the other
