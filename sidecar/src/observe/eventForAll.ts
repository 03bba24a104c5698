import { withoutUploadKeys } from '../archive/uploadName.ts';
import type { SendEvent } from '../cluster/writes/events.ts';
import type { Places } from '../destinations/places.ts';
import { hidePlaces } from '../destinations/places/hiddenPlaces.ts';

/** Everyone who may see a claim reads its Events: they name destinations, and not where these are, and no key of an upload. */
export const eventForAll =
  (send: SendEvent, places: Pick<Places, 'all'>): SendEvent =>
  event =>
    send({ ...event, message: withoutUploadKeys(hidePlaces(places.all())(event.message)) });
