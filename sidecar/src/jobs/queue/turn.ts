import { PRIORITIES } from '../../../api/index.ts';
import type { Lanes, Queued } from './lanes.ts';

/** Facts that the choice of the next run depends on, besides the queue. */
export interface Served {
  /** Runs under way, by namespace. */
  running: ReadonlyMap<string, number>;
  /** When a run of a namespace was last started, as a number that grows with each start. */
  lastServed: ReadonlyMap<string, number>;
}

/**
 * Chooses the run that starts next:
 *
 * 1. The highest priority.
 * 2. Of those, the namespace with the fewest runs under way, then the one that was served longest ago: a namespace
 *    that asks for 200 backups delays one that asks for one by a single run.
 * 3. Of those, the oldest.
 *
 * @param mayStart runs for which it is false are passed over; the others do not wait for them.
 */
export function nextTurn<T extends Queued>(
  lanes: Lanes<T>,
  served: Served,
  mayStart: (run: T) => boolean
): T | undefined {
  for (const priority of PRIORITIES) {
    for (const runs of inOrder(lanes.of(priority), served)) {
      const run = runs.find(mayStart);
      if (run) return run;
    }
  }
  return undefined;
}

/** The place of a run in the queue, from 1. */
export interface QueuePosition {
  amongAll: number;
  /** Among the runs of its own namespace: it says nothing about those of others. */
  inNamespace: number;
}

/**
 * @returns the place of every run, as if each could start when its turn comes and the namespaces took turns. The
 * work grows with the number of runs alone: 10,000 of 200 namespaces are asked for after each change of the queue.
 */
export function placesOf<T extends Queued>(
  lanes: Lanes<T>,
  served: Served
): Map<string, QueuePosition> {
  const places = new Map<string, QueuePosition>();
  const ofNamespaces = new Map<string, number>();
  const lastServed = new Map(served.lastServed);
  let clock = Math.max(0, ...lastServed.values());
  for (const priority of PRIORITIES) {
    let waiting = inOrder(lanes.of(priority), { ...served, lastServed });
    for (let round = 0; waiting.length > 0; round += 1) {
      for (const runs of waiting) {
        const { id, namespace } = runs[round] as T;
        const inNamespace = (ofNamespaces.get(namespace) ?? 0) + 1;
        ofNamespaces.set(namespace, inNamespace);
        places.set(id, { amongAll: places.size + 1, inNamespace });
        lastServed.set(namespace, (clock += 1));
      }
      waiting = waiting.filter(runs => runs.length > round + 1);
    }
  }
  return places;
}

/** @returns the lists of runs, that of the namespace whose turn it is first. */
function inOrder<T extends Queued>(lane: ReadonlyMap<string, T[]>, served: Served): T[][] {
  return [...lane]
    .map(([namespace, runs]) => ({
      runs,
      rank: [
        served.running.get(namespace) ?? 0,
        served.lastServed.get(namespace) ?? 0,
        runs[0]?.id ?? '',
      ] as const,
    }))
    .sort((one, other) => compareRanks(one.rank, other.rank))
    .map(({ runs }) => runs);
}

/** @returns less than 0 when `one` comes first: the first difference decides. */
function compareRanks<R extends readonly (number | string)[]>(one: R, other: R): number {
  for (const [at, value] of one.entries()) {
    const against = other[at] as typeof value;
    if (value !== against) return value < against ? -1 : 1;
  }
  return 0;
}
