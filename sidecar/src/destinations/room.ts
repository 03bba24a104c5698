import { StageError, textOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Destination } from './destination.ts';
import { sizeText } from './size.ts';

/** Watches the free space of a destination, so that no run begins that cannot end. */
export interface Room {
  /** Looks again. @returns the problem that there is too little space; undefined: enough, or the storage did not answer. */
  look(): Promise<StageError | undefined>;
  stop(): void;
}

export interface RoomOptions {
  destination: Pick<Destination, 'freeBytes'>;
  /** Space that stays free for the history, which is written whole, and for the end of runs under way. */
  floorBytes: number;
  everyMs?: number;
  /** Called when there is too little, with the problem, and when there is enough again. */
  onChange(problem: StageError | undefined): void;
  log: Pick<Log, 'warn'>;
}

const EVERY_MS = 10_000;

export function watchRoom(options: RoomOptions): Room {
  const { destination, floorBytes, onChange, log, everyMs = EVERY_MS } = options;
  let problem: StageError | undefined;
  let isUnknown = false;

  const look = async (): Promise<StageError | undefined> => {
    let freeBytes: number | undefined;
    try {
      freeBytes = await destination.freeBytes();
      isUnknown = false;
    } catch (error) {
      if (!isUnknown) log.warn({}, `free space could not be read: ${textOf(error)}`);
      isUnknown = true;
    }
    const next = nearlyFull(freeBytes, floorBytes);
    const hasChanged = (next === undefined) !== (problem === undefined);
    problem = next;
    if (hasChanged) onChange(problem);
    return problem;
  };

  void look();
  const timer = setInterval(look, everyMs).unref();
  return { look, stop: () => clearInterval(timer) };
}

/**
 * Decides whether a run may begin.
 * @param freeBytes undefined where the storage has no limit, or did not answer: that keeps no run from starting.
 */
export const nearlyFull = (
  freeBytes: number | undefined,
  floorBytes: number
): StageError | undefined =>
  freeBytes === undefined || freeBytes >= floorBytes
    ? undefined
    : new StageError(
        'queue',
        'DestinationNearlyFull',
        `the destination has ${sizeText(freeBytes)} left, and ${sizeText(
          floorBytes
        )} must stay free`,
        'delete archives that are not needed or make the volume larger; queued backups then start by themselves',
        'needs-action'
      );
