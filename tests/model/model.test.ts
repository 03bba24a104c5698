import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { SEED } from '../../sidecar/src/testing/seed.ts';
import { commands, outages } from './commands.ts';
import { expectInvariants, expectNoAttemptUsedUp } from './invariants.ts';
import type { Transport } from './transports.ts';
import { LANES } from './transports.ts';
import { World } from './world.ts';

/** Sequences for each seed; `NKVM_MODEL_RUNS=500` for a long test. */
const RUNS = Number(process.env.NKVM_MODEL_RUNS ?? 24);
const FIXED_SEED = 20_261_121;

/** @returns the property that `expectations` hold after any sequence of `steps`, over a transport. */
const sequencesOf =
  (
    steps: typeof commands,
    expectations: (world: World) => Promise<void> | void = () => undefined
  ) =>
  (transport: Transport) =>
    fc.asyncProperty(fc.commands(steps, { maxCommands: 12, size: 'max' }), async sequence => {
      const world = new World(transport);
      await world.start();
      try {
        await fc.asyncModelRun(() => ({ model: world.told, real: world }), sequence);
        await world.dry();
        await expectInvariants(world);
        await expectations(world);
        // The files agree with the processes that wrote them.
        for (const each of world.installations) await world.restart(each);
        await world.dry();
        await expectInvariants(world);
      } finally {
        await world.remove();
      }
    });

async function check(property: ReturnType<typeof sequencesOf>, seed: number, runs: number) {
  // One world waits for processes and disk most of the time.
  const lanes = LANES.map((transport, lane) =>
    fc.check(property(transport), {
      seed: seed + lane,
      numRuns: Math.ceil(runs / LANES.length),
      // Which process is faster differs from time to time: a shorter sequence may fail for another reason.
      endOnFailure: true,
      includeErrorInReport: true,
    })
  );
  const failed = (await Promise.all(lanes)).filter(({ failed }) => failed);
  expect(failed.map(fc.defaultReportMessage).join('\n\n')).toBe('');
}

it.each([
  ['a fixed seed', FIXED_SEED],
  [`seed ${SEED}`, SEED],
])(
  `keeps its promises through ${RUNS} sequences of requests, faults and restarts, of %s`,
  (_, seed) => check(sequencesOf(commands), seed, RUNS),
  30_000 + RUNS * 8_000
);

it(
  `uses up no attempt through ${Math.ceil(RUNS / 2)} sequences of requests and outages`,
  () => check(sequencesOf(outages, expectNoAttemptUsedUp), SEED, Math.ceil(RUNS / 2)),
  30_000 + RUNS * 8_000
);
