import { spawnSync } from 'node:child_process';

const COMMIT_DIGITS = 7;

/**
 * Seed of tests that choose at random: each commit has its own, so that the tests look at new cases all the time and give the
 * same answer each time. `NKVM_TEST_SEED` sets it.
 */
export const SEED = Number(process.env.NKVM_TEST_SEED ?? ofCommit());

/** @returns 1 where there is no repository. */
function ofCommit(): number {
  const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' });
  return Number.parseInt((stdout ?? '').slice(0, COMMIT_DIGITS), 16) || 1;
}

/**
 * Settings of a random test whose runs are slow. A failure is reported as it was found: the search for a shorter one takes
 * minutes, and `NKVM_TEST_SHRINK` asks for it.
 * @param runs how many; `NKVM_TEST_RUNS` overrides it
 */
export const slowRuns = (runs: number) => ({
  seed: SEED,
  numRuns: Number(process.env.NKVM_TEST_RUNS ?? runs),
  endOnFailure: !process.env.NKVM_TEST_SHRINK,
});
