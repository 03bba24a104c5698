import { DESTINATION_ANNOTATION, MAX_DESTINATIONS_PER_BACKUP } from '../../../api/index.ts';
import type { Place } from '../../destinations/places.ts';
import { StageError } from '../../errors.ts';

/** The source of the choice where the backups of a claim are stored. */
export interface Wishes {
  /** For people: the claim, e.g. `shop/orders-db`. */
  claim: string;
  /** In the request. */
  asked?: readonly string[] | undefined;
  /** The annotation of the claim: names, separated by commas. */
  ofClaim?: string | undefined;
  /** The annotation of its namespace. */
  ofNamespace?: string | undefined;
}

/**
 * Decides where the archive of a claim is stored. The first that names a destination decides alone:
 *
 * | | |
 * | --- | --- |
 * | 1. | the request |
 * | 2. | the annotation `nkvm.io/destination` of the claim |
 * | 3. | the annotation of its namespace |
 * | 4. | the destinations that are marked as default |
 * | 5. | `local`, the first of `places` |
 *
 * @returns names, each once. @throws StageError (`DestinationUnknown` or `TooManyDestinations`)
 */
export function chooseDestinations(
  { claim, asked, ofClaim, ofNamespace }: Wishes,
  places: readonly Pick<Place, 'name' | 'isDefault'>[]
): string[] {
  const wishes = [
    { names: [...(asked ?? [])], by: 'the request' },
    {
      names: namesIn(ofClaim),
      by: `annotation ${DESTINATION_ANNOTATION} of claim ${claim}`,
    },
    {
      names: namesIn(ofNamespace),
      by: `annotation ${DESTINATION_ANNOTATION} of namespace ${claim.split('/')[0]}`,
    },
  ];
  const wish = wishes.find(({ names }) => names.length > 0);
  if (wish) return checked(wish.names, wish.by, places);
  const defaults = places.filter(({ isDefault }) => isDefault);
  return (defaults.length > 0 ? defaults : places.slice(0, 1)).map(({ name }) => name);
}

const namesIn = (annotation = ''): string[] => [
  ...new Set(
    annotation
      .split(',')
      .map(name => name.trim())
      .filter(name => name !== '')
  ),
];

function checked(names: string[], by: string, places: readonly Pick<Place, 'name'>[]): string[] {
  if (names.length > MAX_DESTINATIONS_PER_BACKUP) {
    throw new StageError(
      'queue',
      'TooManyDestinations',
      `${by} names ${names.length} destinations; a backup goes to at most ${MAX_DESTINATIONS_PER_BACKUP}`,
      'name fewer: archives can be copied to more destinations later',
      'needs-action'
    );
  }
  const unknown = names.filter(name => !places.some(place => place.name === name));
  if (unknown.length === 0) return names;
  throw destinationUnknown(unknown, by, places);
}

/** @returns the problem that nothing has these names. */
export const destinationUnknown = (
  unknown: readonly string[],
  by: string,
  places: readonly Pick<Place, 'name'>[]
): StageError =>
  new StageError(
    'queue',
    'DestinationUnknown',
    `${by} names ${unknown.join(', ')}, which is not a configured destination`,
    `choose from: ${places.map(({ name }) => name).join(', ')}`,
    'needs-action'
  );
