import type { Destination } from '../../destinations/destination.ts';
import type { Places } from '../../destinations/places.ts';
import { fixedPlaces } from './fixedPlaces.ts';

/** @returns places with one destination, which is also the one that is called `local`. */
export function onePlace(destination: Destination): Places {
  const places = fixedPlaces([destination]);
  return { ...places, get: name => places.get(name === 'local' ? destination.id : name) };
}
