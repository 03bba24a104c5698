import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { commands } from './commands.ts';
import { expectInvariants } from './invariants.ts';
import { World } from './world.ts';

/** Sequences for each seed; `NKVM_MODEL_RUNS=500` for a long look. */
const RUNS = Number(process.env.NKVM_MODEL_RUNS ?? 24);
/** Worlds side by side: one waits for processes and disk most of the time. */
const LANES = 4;
const FIXED_SEED = 20_261_121;
const RANDOM_SEED = Number(process.env.NKVM_MODEL_SEED ?? Date.now() % 2 ** 31);

const sequence = fc.asyncProperty(
  fc.commands(commands, { maxCommands: 12, size: 'max' }),
  async steps => {
    const world = new World();
    await world.start();
    try {
      await fc.asyncModelRun(() => ({ model: world.told, real: world }), steps);
      world.disk.trouble = undefined;
      await world.dry();
      await expectInvariants(world);
      // What was true of the process is true of its files.
      await world.restart();
      await expectInvariants(world);
    } finally {
      await world.remove();
    }
  }
);

it.each([
  ['a fixed seed', FIXED_SEED],
  [`the random seed ${RANDOM_SEED}`, RANDOM_SEED],
])(
  `keeps its promises through ${RUNS} sequences of requests, faults and restarts, of %s`,
  async (_, seed) => {
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      fc.check(sequence, {
        seed: seed + lane,
        numRuns: Math.ceil(RUNS / LANES),
        // Which process is faster differs from time to time: a shorter sequence may fail for another reason.
        endOnFailure: true,
        includeErrorInReport: true,
      })
    );
    const failed = (await Promise.all(lanes)).filter(({ failed }) => failed);
    expect(failed.map(fc.defaultReportMessage).join('\n\n')).toBe('');
  },
  30_000 + RUNS * 5_000
);
