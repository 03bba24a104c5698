import { LOCAL_DESTINATION } from '../../sidecar/api/names.ts';

/** @returns the destinations of an archive, e.g. `local, offsite`; undefined where it can only be in one place. */
export const placesText = (presentAt: string[]): string | undefined =>
  presentAt.every(name => name === LOCAL_DESTINATION) ? undefined : presentAt.join(', ');
