import { StageError, textOf } from '../../errors.ts';
import type { Destination } from '../destination.ts';
import type { Places } from '../places.ts';

/** A copy, and where it can be read. */
export interface Readable<C> {
  copy: C;
  destination: Destination;
}

/** Copies that can be read now, and why others cannot. */
export interface Readables<C> {
  open: Readable<C>[];
  closed: { copy: C; why: StageError }[];
}

/** @returns the copies whose destinations can be used now, those that cost no download first. Nothing is asked of them. */
export function readables<C extends { destination: string }>(
  copies: readonly C[],
  places: Pick<Places, 'get'>
): Readables<C> {
  const found: Readables<C> = { open: [], closed: [] };
  for (const copy of copies) {
    const place = places.get(copy.destination);
    try {
      if (!place) throw notConfigured(copy.destination);
      found.open.push({ copy, destination: place.use() });
    } catch (error) {
      found.closed.push({ copy, why: asStageError(error, copy.destination) });
    }
  }
  const distance = ({ destination }: Readable<C>): number => (destination.isNear ? 0 : 1);
  found.open.sort((one, other) => distance(one) - distance(other));
  return found;
}

/**
 * Does `work` with the nearest copy, and with the next one where that fails.
 * @throws what the first of them failed with, or why none can be used; the reason of `signal`
 */
export async function withNearest<C extends { destination: string }, T>(
  copies: readonly C[],
  places: Pick<Places, 'get'>,
  signal: AbortSignal | undefined,
  work: (readable: Readable<C>) => Promise<T>
): Promise<T> {
  const { open, closed } = readables(copies, places);
  let first: unknown;
  for (const readable of open) {
    try {
      return await work(readable);
    } catch (error) {
      signal?.throwIfAborted();
      first ??= error;
    }
  }
  throw first ?? closed[0]?.why;
}

const asStageError = (error: unknown, name: string): StageError =>
  error instanceof StageError
    ? error
    : new StageError(
        'queue',
        'Unexpected',
        `destination ${name} cannot be used: ${textOf(error)}`,
        'see the log of NKVM',
        'unknown',
        { cause: error }
      );

/** @returns the problem that archives are at a destination that is not configured. */
export const notConfigured = (name: string): StageError =>
  new StageError(
    'create',
    'DestinationNotConfigured',
    `its archive is at ${name}, which is not configured any more`,
    'configure that destination again, or fetch the archive there by hand',
    'needs-action'
  );

/** @returns a destination to read from. @throws StageError */
export function useOf(name: string, places: Pick<Places, 'get'>): Destination {
  const { open, closed } = readables([{ destination: name }], places);
  const [only] = open;
  if (only) return only.destination;
  throw closed[0]?.why ?? notConfigured(name);
}
