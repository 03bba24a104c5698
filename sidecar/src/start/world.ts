import { startCoverage } from './coverage.ts';
import { startDecisions } from './decisions.ts';
import type { Foundations } from './foundations.ts';
import { startPolicy } from './policy.ts';
import { startPopulate } from './populate.ts';
import type { Reading } from './reading.ts';
import { startRetention } from './retention.ts';
import { startRuns } from './runs.ts';
import { startUpkeep } from './upkeep.ts';

/** Everything that NKVM does for one cluster. */
export type World = Awaited<ReturnType<typeof startWorld>>;

/**
 * Starts what NKVM does for one cluster: its runs, its schedules, its retention, and the upkeep of all that. Claims are restored
 * automatically in NKVM's own cluster only. In another one NKVM would have to own volumes of all namespaces (deploy/k8s/zero-touch),
 * and a claim would wait for ever when NKVM is gone. The policy of a claim that waits there says so.
 */
export async function startWorld(foundations: Foundations, reading: Reading) {
  const runs = await startRuns(foundations, reading);
  const upkeep = await startUpkeep(foundations, runs);
  const retention = await startRetention(foundations, reading, upkeep);
  const policy = await startPolicy(foundations, runs, upkeep);
  const populate = foundations.isOwn
    ? await startPopulate(foundations, runs, upkeep, await startDecisions(foundations, upkeep))
    : undefined;
  const coverage = await startCoverage(foundations, runs, policy, {
    populateOf: ({ namespace, name }) => populate?.statusOf(namespace, name) ?? undefined,
    retentionOf: retention.summariesOf,
    holds: retention.holds,
    plansOf: async claim => retention.retentionOf(claim),
    isZeroTouch: () => populate?.isInstalled() ?? false,
    restoresAutomatically: populate !== undefined,
  });
  return { ...foundations, ...reading, runs, upkeep, retention, coverage };
}
