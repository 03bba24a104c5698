import { runsIn } from '../api/index.ts';
import { readConfig } from './config.ts';
import { textOf } from './errors.ts';
import type { Lifecycle } from './lifecycle.ts';
import { lifecycle, Stopping } from './lifecycle.ts';
import { createLog } from './observe/log.ts';
import { startApi } from './start/api.ts';
import { startCoverage } from './start/coverage.ts';
import { startDecisions } from './start/decisions.ts';
import { startFoundations } from './start/foundations.ts';
import { startPolicy } from './start/policy.ts';
import { startPopulate } from './start/populate.ts';
import { startRetention } from './start/retention.ts';
import { startRuns } from './start/runs.ts';
import { startUpkeep } from './start/upkeep.ts';

/** Ends the process in order on the signals of Kubernetes and of a terminal. */
function endOnSignals(life: Lifecycle, log: ReturnType<typeof createLog>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // From the first moment on: as process 1 of a container it would not end by a signal without a handler.
    process.once(signal, async () => {
      log.info({ signal }, 'NKVM is stopping');
      await life.stop();
      process.exit(0);
    });
  }
}

/** Starts NKVM; it runs until a signal stops it. @throws Error of one line when it cannot start. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  runsIn(config.namespace);
  const log = createLog(config.logLevel);
  const life = lifecycle(log);
  endOnSignals(life, log);
  try {
    const foundations = await startFoundations(life, config, log);
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
    await startApi(foundations, runs, upkeep, coverage, retention);
  } catch (error) {
    if (error instanceof Stopping || life.signal.aborted) return; // `endOnSignals` ends the process
    await life.stop();
    throw error;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`nkvm: ${textOf(error)}\n`);
  process.exit(2);
});
