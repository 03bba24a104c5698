import { registerProtectionGauges } from '../observe/protectionGauges.ts';
import type { Coverage, CoverageWorld } from '../policy/coverage/coverage.ts';
import { coverageOf } from '../policy/coverage/coverage.ts';
import { wantedBy } from '../policy/coverage/wanted.ts';
import type { WatchedCoverage, WatchOptions } from '../policy/coverage/watchCoverage.ts';
import { watchCoverage } from '../policy/coverage/watchCoverage.ts';
import { makesIncrements } from '../policy/wish/increments.ts';
import type { Foundations } from './foundations.ts';
import type { Policy } from './policy.ts';
import type { Runs } from './runs.ts';

/** Facts about volumes that other parts have. */
export type KnownOfVolumes = Pick<
  CoverageWorld,
  'populateOf' | 'retentionOf' | 'plansOf' | 'isZeroTouch' | 'restoresAutomatically'
> &
  Pick<WatchOptions, 'holds'>;

/** Starts the look at the protection of all volumes, and its metrics. */
export async function startCoverage(
  { life, config, log, now, history, inventory, open, clusterUid }: Foundations,
  { metrics }: Runs,
  { schedules }: Policy,
  { holds, ...known }: KnownOfVolumes = {}
): Promise<Coverage & Pick<WatchedCoverage, 'latest'>> {
  const settings = { clusterUid, timeZone: config.schedules.timeZone };
  const wanted = wantedBy(name => inventory.namespace(name), settings);
  const coverage = coverageOf({
    ...{ inventory, history, open, wanted, now },
    nextRunOf: ({ namespace, name }) => schedules.nextRunAt(namespace, name),
    makesIncrements: claim => makesIncrements(wanted(claim).wish, config.incremental),
    areSchedulesOn: config.schedules.isOn,
    ...known,
  });
  const watched = await life.start({
    name: 'the look at the protection of volumes',
    start: () => watchCoverage({ coverage, inventory, log, holds }),
    stop: each => each.stop(),
  });
  registerProtectionGauges(metrics.registry, watched.latest);
  return { ...coverage, latest: watched.latest };
}
