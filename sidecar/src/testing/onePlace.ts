import type { Destination } from '../destinations/destination.ts';
import { fixedPlaces } from '../destinations/fixedPlaces.ts';
import type { Places } from '../destinations/places.ts';

/** @returns places with one destination, which is also the one that is called `local`. */
export function onePlace(destination: Destination): Places {
  const places = fixedPlaces([destination]);
  return { ...places, get: name => places.get(name === 'local' ? destination.id : name) };
}
