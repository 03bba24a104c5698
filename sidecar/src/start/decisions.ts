import type { DecisionFor } from '../policy/populate/decisionFor.ts';
import { decisionsBy } from '../policy/populate/gather.ts';
import type { Foundations } from './foundations.ts';
import type { Upkeep } from './upkeep.ts';

/** Starts the decisions about claims that get their data when they are made. Nothing is decided before the preparations are done. */
export async function startDecisions(
  foundations: Foundations,
  { prepared }: Upkeep
): Promise<DecisionFor> {
  const { life, config, log, now, places, history, inventory } = foundations;
  const { clusterUid, clusterName, isSelected } = foundations;
  const decisions = await life.start({
    name: 'decisions about claims',
    start: () =>
      decisionsBy({
        ...{ places, history, inventory, clusterUid, clusterName, isSelected, log },
        continues: config.continues,
        isHistoryReady: () => prepared.left().length === 0,
        now: () => now().getTime(),
      }),
    stop: started => started.stop(),
  });
  return decisions.decisionFor;
}
