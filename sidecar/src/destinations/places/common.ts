import { z } from 'zod';
import type { ArchiveForm } from '../../archive/name.ts';
import type { Destination } from '../destination.ts';
import type { Kind, PlaceContext } from '../kind.ts';

/** Keys of a Secret that every kind has, besides its own. */
export const CommonSettings = z.strictObject({});
export type CommonSettings = z.infer<typeof CommonSettings>;

/** @returns the destination with what its kind and the common keys of its Secret ask for. @throws StageError */
export function openWith(
  kind: Kind<unknown>,
  settings: unknown,
  _common: CommonSettings,
  context: PlaceContext
): { destination: Destination; archiveForm: ArchiveForm } {
  return { destination: kind.open(settings, context), archiveForm: kind.archiveForm ?? 'tar.gz' };
}
