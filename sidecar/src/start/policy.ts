import { isHeldByRestore } from '../policy/populate/firstRestore.ts';
import type { Scheduler } from '../policy/schedule/scheduler.ts';
import { scheduler } from '../policy/schedule/scheduler.ts';
import { startBackups, startDrills } from '../policy/schedule/starts.ts';
import { policyEvents } from '../policy/wish/policyEvents.ts';
import type { Foundations } from './foundations.ts';
import type { Runs } from './runs.ts';
import type { Upkeep } from './upkeep.ts';

/** A slot is a minute; a look costs milliseconds. */
const LOOK_MS = 5_000;

/** The parts that act by the labels and annotations of claims. */
export interface Policy {
  schedules: Scheduler;
}

/** Starts what acts by the labels and annotations of claims. Nothing is asked for before the preparations are done. */
export async function startPolicy(
  foundations: Foundations,
  runs: Runs,
  { prepared }: Upkeep
): Promise<Policy> {
  const { life, config, log, now, history, inventory, gateway, fence, clusterUid } = foundations;
  const { queue, restores, events, admission } = runs;
  const tell = policyEvents({ send: events.about, now });

  /** @returns why nothing may be asked for now; undefined: it may be. */
  const held = (): string | undefined => {
    if (!config.schedules.isOn) return 'NKVM_SCHEDULES is off';
    if (prepared.left().length > 0) return 'NKVM is starting';
    if (history.isReadOnly()) return 'the history is read-only';
    if (gateway.availability.isAway()) return 'the API server is unavailable';
    return fenceProblem(fence);
  };

  const schedules = scheduler({
    ...{ inventory, history, now, log, held },
    settings: { clusterUid, timeZone: config.schedules.timeZone },
    isHeld: isHeldByRestore,
    elapsed: () => performance.now(),
    start: {
      backup: startBackups(admission, queue),
      drill: startDrills({ history, queue, drills: restores.engine, signal: life.signal }),
    },
    onProblem: tell.problems,
    onRefused: tell.refused,
  });
  await life.start({
    name: 'the schedules',
    start: () => setInterval(() => void schedules.look(), LOOK_MS),
    stop: clearInterval,
  });
  return { schedules };
}

function fenceProblem(fence: Foundations['fence']): string | undefined {
  try {
    fence.assertHeld();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
