import { startCoverage } from './coverage.ts';
import { startDecisions } from './decisions.ts';
import type { Foundations } from './foundations.ts';
import { startPolicy } from './policy.ts';
import { startPopulate } from './populate.ts';
import { startRetention } from './retention.ts';
import { startRuns } from './runs.ts';
import { startUpkeep } from './upkeep.ts';

/** Everything that NKVM does for one cluster. */
export type World = Awaited<ReturnType<typeof startWorld>>;

/** Starts what NKVM does for one cluster: its runs, its schedules, its retention, and the upkeep of all that. */
export async function startWorld(foundations: Foundations) {
  const runs = await startRuns(foundations);
  const upkeep = await startUpkeep(foundations, runs);
  const retention = await startRetention(foundations, runs, upkeep);
  const policy = await startPolicy(foundations, runs, upkeep);
  const decisionFor = await startDecisions(foundations, upkeep);
  const populate = await startPopulate(foundations, runs, upkeep, decisionFor);
  const coverage = await startCoverage(foundations, runs, policy, {
    populateOf: ({ namespace, name }) => populate.statusOf(namespace, name) ?? undefined,
    retentionOf: retention.summariesOf,
    holds: retention.holds,
    plansOf: async claim => retention.retentionOf(claim),
    isZeroTouch: populate.isInstalled,
  });
  return { ...foundations, runs, upkeep, retention, coverage };
}
