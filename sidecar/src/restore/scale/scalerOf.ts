import { lookAt, planOf } from './lookAt.ts';
import type { Ended } from './partHolder.ts';
import { NOTHING_WRITTEN } from './partHolder.ts';
import type { Noted } from './recover.ts';
import { notedBy, partHolderIn, setBackLeft, tellerOf } from './recover.ts';
import { scaleDown } from './scaleDown.ts';
import type { ScaledUp, Scaler } from './scaler.ts';
import type { Up } from './scaleUp.ts';
import { setBack } from './scaleUp.ts';
import { levelText, nameOf } from './words.ts';
import type { ScaleWorld } from './world.ts';

/** @returns what stops and starts the workloads for the restores of this installation. */
export function scalerOf(world: ScaleWorld): Scaler {
  /** Workloads that the runs of this process have changed: the inventory learns of it a moment later. */
  const touched = new Map<string, Noted[]>();
  /** Why a workload is still stopped, by its name. */
  const problems = new Map<string, string>();
  const tell = tellerOf(world);

  const took = async (up: Up, { ref, intent }: Noted): Promise<void> => {
    if (up.kind === 'left' || up.kind === 'held') problems.set(nameOf(ref), up.sentence);
    else problems.delete(nameOf(ref));
    await tell(up, intent);
  };

  const scaleUp = async (runId: string, ended: Ended): Promise<ScaledUp> => {
    const holder = partHolderIn(world, { id: runId, ...ended });
    const noted = [
      ...(touched.get(runId) ?? []),
      ...notedBy(world).filter(({ intent }) => intent.run === runId),
    ];
    const unique = [...new Map(noted.map(each => [nameOf(each.ref), each])).values()];
    const ups = await Promise.all(
      unique.map(async each => {
        const { ref, intent } = each;
        const up = await setBack(world.workloads, ref, intent, live => holder(live, ref.namespace));
        await took(up, each);
        return up;
      })
    );
    if (!ups.some(({ kind }) => kind === 'left')) touched.delete(runId);
    return scaledUp(ups);
  };

  return {
    async workloadsOf(claim, signal) {
      return planOf(await lookAt(claim, undefined, world, signal));
    },

    async scaleDown(claim, runId, { signal, onProgress }) {
      const onStop = (each: Noted) => touched.set(runId, [...(touched.get(runId) ?? []), each]);
      try {
        return await scaleDown(claim, runId, world, {
          signal,
          ...(onProgress && { onProgress }),
          onStop,
        });
      } catch (error) {
        // Its own annotation may be from an attempt before, so also where nothing was stopped this time.
        await scaleUp(runId, NOTHING_WRITTEN);
        throw error;
      }
    },

    scaleUp,

    async recover() {
      const ups = await setBackLeft(world);
      problems.clear();
      for (const { noted, up } of ups) await took(up, noted);
    },

    problems: () => [...problems.values()],
  };
}

/** @returns what became of all workloads of a run. */
function scaledUp(ups: readonly Up[]): ScaledUp {
  const back = ups.flatMap(up =>
    up.kind === 'set-back' ? [`${nameOf(up.ref)} (${levelText(up.was)})`] : []
  );
  return {
    message: back.length > 0 ? `set back ${back.join(', ')}` : 'nothing had to be set back',
    notes: ups.flatMap(up => (up.kind === 'kept' ? [up.sentence] : [])),
    held: ups.flatMap(up => (up.kind === 'held' ? [up.sentence] : [])),
    left: ups.flatMap(up => (up.kind === 'left' ? [up.sentence] : [])),
  };
}
