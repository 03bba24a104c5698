import { askCluster, clockAhead } from '../doctor/checks/clusterCheck.ts';
import { openRecordFile } from '../history/durability/recordFile.ts';
import { PlaceDecision, placeDecisionsPath } from '../policy/retention/deletion/placeDecisions.ts';
import type { Retention } from '../policy/retention/retention.ts';
import { retentionWith } from '../policy/retention/retention.ts';
import type { Foundations } from './foundations.ts';
import type { Reading } from './reading.ts';
import type { Upkeep } from './upkeep.ts';

/** A look costs nothing: destinations are listed every hour, and only a new listing leads to a round. */
const LOOK_MS = 5_000;

/** Between two passes: soon after a run has ended, lists show its effect. */
const RENEW_MS = 1_000;

/** Starts retention: after each complete listing of a destination, the plans are applied there. */
export async function startRetention(
  foundations: Foundations,
  { archives }: Reading,
  { prepared, catalogs }: Upkeep
): Promise<Retention> {
  const { life, config, log, now, history, places, inventory } = foundations;
  const { clusterName, clusterUid, installation, fence, audit } = foundations;
  const { historyPath, histories, isOwn, gateway } = foundations;
  return await life.start({
    name: 'retention',
    async start() {
      const decisions = await openRecordFile(placeDecisionsPath(historyPath), {
        ...{ value: PlaceDecision, what: 'decisions of retention', fence, log },
      });
      const retention = retentionWith({
        ...{ places, inventory, catalogs, archives, clusterUid, installation, now, log },
        // A restore of another cluster may read the archives of this one.
        history: { ...history, unfinished: histories.unfinished },
        ...{ decisions, audit, clusterName, isOwn },
        settings: config.retention,
        keepOfPlace: places.keepOf,
        isRead: places.isRead,
        async aheadOfServer(signal) {
          const { date, ...seen } = await askCluster(gateway, now, signal);
          return date && clockAhead({ ...seen, date });
        },
      });
      const timer = setInterval(() => prepared.isReady() && void retention.tick(), LOOK_MS);
      const renewing = setInterval(() => void retention.renewSummaries(), RENEW_MS);
      return {
        ...retention,
        async stop() {
          clearInterval(timer);
          clearInterval(renewing);
          await retention.stop();
        },
      };
    },
    stop: started => started.stop(),
  });
}
