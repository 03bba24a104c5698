import { z } from 'zod';
import type { ArchiveForm } from '../../archive/name.ts';
import type { Destination } from '../destination.ts';
import { encryptedDestination } from '../encryption/encrypted.ts';
import type { PlaceKeys } from '../encryption/keyRing.ts';
import { keyRing } from '../encryption/keyRing.ts';
import { contradictionOf, ENCRYPTION_KEYS, recipientsOf } from '../encryption/settings.ts';
import type { Kind, PlaceContext } from '../kind.ts';

/** Keys of a Secret that every kind has, besides its own. */
export const CommonSettings = z.strictObject(ENCRYPTION_KEYS);
export type CommonSettings = z.infer<typeof CommonSettings>;

/** @returns what is wrong with settings each of which is valid by itself, as a sentence. */
export function wrongTogether(
  { kind }: Pick<Kind<unknown>, 'kind'>,
  common: CommonSettings
): string | undefined {
  if (recipientsOf(common) && kind === 'restic')
    return `${kind} encrypts what it stores by itself: remove ageRecipients and agePassphrase`;
  return contradictionOf(common);
}

/**
 * @param keys what opens encrypted archives there; without it, only those that were stored by this very destination
 * @returns the destination with what its kind and the common keys of its Secret ask for. @throws StageError
 */
export function openWith(
  kind: Kind<unknown>,
  settings: unknown,
  common: CommonSettings,
  context: PlaceContext,
  keys: PlaceKeys = keyRing().of(context.name)
): { destination: Destination; archiveForm: ArchiveForm } {
  const inner = kind.open(settings, context);
  const whom = recipientsOf(common);
  return whom
    ? { destination: encryptedDestination(inner, { whom, keys }), archiveForm: 'tar.gz.age' }
    : { destination: inner, archiveForm: kind.archiveForm ?? 'tar.gz' };
}
