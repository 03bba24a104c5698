import type { ArchiveForm } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { Place, Places } from '../../destinations/places.ts';
import { PausedError } from '../../destinations/places/health.ts';
import { StageError, textOf } from '../../errors.ts';
import { destinationUnknown } from '../request/choice.ts';

/** A destination that a backup was asked for, at the moment that it is written to. */
export interface Target {
  name: string;
  /** Without a copy there the backup is not a success. */
  isRequired: boolean;
}

/** One that can be written to. */
export interface OpenTarget extends Target {
  destination: Destination;
  /** How archives are stored there. */
  form: ArchiveForm;
}

/** One that cannot. */
export interface ClosedTarget extends Target {
  problem: StageError;
}

/** @returns why a destination has too little space for another archive; undefined: it has enough, or did not say. */
export type RoomOf = (name: string) => Promise<StageError | undefined>;

/** A pause that ends while its run is put back must not make the run start over and over. */
const SHORTEST_WAIT_MS = 1_000;

/** @returns milliseconds until a paused destination may be used again. */
export const untilMs = ({ retryAt }: PausedError, now: Date): number =>
  Math.max(SHORTEST_WAIT_MS, retryAt.getTime() - now.getTime());

/**
 * @returns the pause that a run waits for: all that are required are paused, or nothing else can be written to. Of several
 *   the one that ends first.
 */
export function pauseOf(targets: readonly (OpenTarget | ClosedTarget)[]): PausedError | undefined {
  const pauses = targets.flatMap(target =>
    !isOpen(target) && target.problem instanceof PausedError ? [target.problem] : []
  );
  const isPaused = (target: OpenTarget | ClosedTarget): boolean =>
    !isOpen(target) && target.problem instanceof PausedError;
  const required = targets.filter(({ isRequired }) => isRequired);
  const allRequired = required.length > 0 && required.every(isPaused);
  if (!allRequired && targets.some(isOpen)) return undefined;
  return pauses.sort((a, b) => a.retryAt.getTime() - b.retryAt.getTime())[0];
}

/**
 * @returns for each name where it leads; an error of one destination is of no matter to the others. Two names of one storage
 *   are one copy: they would write one file, and what one deletes after a failure would be the copy of the other.
 */
export async function targetsOf(
  names: readonly string[],
  places: Places,
  roomOf: RoomOf
): Promise<(OpenTarget | ClosedTarget)[]> {
  const targets = await Promise.all(names.map(name => targetOf(name, places, roomOf)));
  const first = new Map<string, string>();
  return targets.map(target => {
    const { name, isRequired } = target;
    if (!isOpen(target)) return target;
    const { kind, location } = target.destination;
    const storage = [kind, location, target.form].join(' ');
    const other = first.get(storage);
    if (other !== undefined) return { name, isRequired, problem: sameStorage(name, other) };
    first.set(storage, name);
    return target;
  });
}

/** @returns the problem that a destination is the storage of another one. */
export const sameStorage = (name: string, other: string): StageError =>
  new StageError(
    'copy',
    'DestinationSame',
    `destination ${name} is the same storage as ${other}, so both would hold the same copy`,
    'back up to one of them, or set another directory, bucket or prefix for one',
    'needs-action'
  );

async function targetOf(
  name: string,
  places: Places,
  roomOf: RoomOf
): Promise<OpenTarget | ClosedTarget> {
  const place = places.get(name);
  if (!place) {
    const problem = destinationUnknown([name], 'the backup', places.all());
    return { name, isRequired: true, problem };
  }
  const { isRequired, archiveForm: form } = place;
  try {
    const destination = useOf(place);
    const problem = await roomOf(name);
    return problem ? { name, isRequired, problem } : { name, isRequired, destination, form };
  } catch (error) {
    return { name, isRequired, problem: error as StageError };
  }
}

/** @throws StageError */
function useOf(place: Place): Destination {
  try {
    return place.use();
  } catch (error) {
    if (error instanceof StageError) throw error;
    throw new StageError(
      'copy',
      'Unexpected',
      `destination ${place.name} cannot be used: ${textOf(error)}`,
      'see the log of NKVM',
      'unknown',
      { cause: error }
    );
  }
}

export const isOpen = (target: OpenTarget | ClosedTarget): target is OpenTarget =>
  'destination' in target;
