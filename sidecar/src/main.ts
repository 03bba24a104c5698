import { runsIn } from '../api/index.ts';
import { readConfig } from './config.ts';
import { textOf } from './errors.ts';
import { createLog } from './observe/log.ts';
import { startApi } from './start/api.ts';
import { startClusterWorlds } from './start/clusterWorlds.ts';
import { startFoundations } from './start/foundations.ts';
import type { Lifecycle } from './start/lifecycle.ts';
import { lifecycle, Stopping } from './start/lifecycle.ts';
import { startReading } from './start/reading.ts';
import { startShared } from './start/shared.ts';
import { startWorld } from './start/world.ts';

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
    const shared = await startShared(life, config, log);
    const reading = await startReading(shared);
    const own = await startWorld(await startFoundations(shared, shared.own, life), reading);
    const others = await startClusterWorlds(shared, reading, shared.clusters.connections);
    await startApi(own, others);
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
