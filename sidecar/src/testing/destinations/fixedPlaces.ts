import type { Destination } from '../../destinations/destination.ts';
import type { Place, Places } from '../../destinations/places.ts';

/** @returns places of destinations that never change; the first is the default. */
export function fixedPlaces(
  destinations: readonly Destination[],
  change: (destination: Destination) => Partial<Place> = () => ({})
): Places {
  const places = destinations.map(
    (destination, at): Place => ({
      name: destination.id,
      kind: 'local',
      location: destination.location,
      isDefault: at === 0,
      isRequired: true,
      archiveForm: 'tar.gz',
      use: () => destination,
      ...change(destination),
    })
  );
  return {
    all: () => places,
    get: name => places.find(place => place.name === name),
    onChange: () => () => undefined,
  };
}
