import { createHash } from 'node:crypto';
import type { WorkloadRef } from '../../cluster/inventory/workloads.ts';
import { isWorkloadKind } from '../../cluster/inventory/workloads.ts';
import type { WorkloadFact } from '../../cluster/watch/facts.ts';
import { textOf } from '../../errors.ts';
import type { Intent } from './intent.ts';
import { intentIn } from './intent.ts';
import type { PastRestore } from './partHolder.ts';
import { partHolder } from './partHolder.ts';
import type { Up } from './scaleUp.ts';
import { setBack } from './scaleUp.ts';
import { nameOf } from './words.ts';
import type { ScaleWorld } from './world.ts';

/** A workload with the annotation of NKVM. */
export interface Noted {
  ref: WorkloadRef;
  intent: Intent;
}

/** @returns the workloads that this installation has stopped, by the inventory. */
export const notedBy = ({ inventory, installation }: ScaleWorld): Noted[] =>
  inventory.noted().flatMap(fact => {
    const intent = intentIn(fact.restoreNote);
    const ref = refOf(fact);
    return intent?.installation === installation && ref ? [{ ref, intent }] : [];
  });

function refOf({ apiVersion, kind, namespace, name }: WorkloadFact): WorkloadRef | undefined {
  return isWorkloadKind(apiVersion, kind) ? { kind, namespace, name } : undefined;
}

/** @returns what says in the log, and on the claim, that a workload stays stopped; once for each run and workload. */
export function tellerOf({ sendEvent, log, now }: ScaleWorld) {
  const told = new Set<string>();
  return async (up: Up, { run, claim, claimUid }: Intent): Promise<void> => {
    if (up.kind === 'nothing') return;
    const { ref } = up;
    const about = { run, namespace: ref.namespace, workload: `${ref.kind}/${ref.name}` };
    if (up.kind === 'set-back') return log.info(about, `${nameOf(ref)} was set back`);
    if (up.kind === 'kept') return log.info(about, up.sentence);
    const key = `${run} ${nameOf(ref)}`;
    if (told.has(key)) return;
    told.add(key);
    if (up.kind === 'held') log.warn(about, up.sentence);
    else log.error(about, up.sentence);
    if (claim === '' || claimUid === '') return;
    const sent = await sendEvent({
      name: `nkvm-stopped-${run}-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`,
      claim: { namespace: ref.namespace, name: claim, uid: claimUid },
      type: 'Warning',
      reason: 'WorkloadStopped',
      message: `${up.sentence} (run ${run})`.slice(0, 1024),
      at: now().toISOString(),
    });
    if (sent.outcome !== 'sent') told.delete(key);
  };
}

/**
 * @param ended a restore whose end is not recorded yet
 * @returns what says, of an annotation, which restore has left its claim with a part of an archive
 */
export const partHolderIn =
  ({ restoresInto }: Pick<ScaleWorld, 'restoresInto'>, ended?: PastRestore) =>
  ({ run, after = [], claim, claimUid }: Intent, namespace: string): string | undefined => {
    const known = restoresInto({ namespace, name: claim, uid: claimUid });
    const now = known.map(each => (each.id === ended?.id ? ended : each));
    return partHolder([...after, run], now);
  };

/**
 * Sets back what runs have left that ended, or that the history does not know.
 * @returns what became of each. Never throws.
 */
export async function setBackLeft(world: ScaleWorld): Promise<{ noted: Noted; up: Up }[]> {
  const { inventory, isUnderWay, workloads, log } = world;
  const holder = partHolderIn(world);
  if (!inventory.isReady()) return [];
  try {
    const all = notedBy(world).filter(({ intent }) => !isUnderWay(intent.run));
    return await Promise.all(
      all.map(async noted => {
        const { ref, intent } = noted;
        const byPart = (live: Intent) => holder(live, ref.namespace);
        return { noted, up: await setBack(workloads, ref, intent, byPart) };
      })
    );
  } catch (error) {
    log.error({}, `workloads that restores have stopped could not be listed: ${textOf(error)}`);
    return [];
  }
}
