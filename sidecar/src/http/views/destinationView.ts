import type { Destination } from '../../../api/index.ts';
import type { Catalogs } from '../../backup/catalog/keepCatalogs.ts';
import { problemOf } from '../../destinations/places/check.ts';
import type { Checks } from '../../destinations/places/checks.ts';
import type { Space } from '../../destinations/places/space.ts';
import type { WatchedPlaces } from '../../destinations/places/watchPlaces.ts';
import type { History } from '../../history/history.ts';

/** The facts about destinations that are shown. */
export interface DestinationWorld {
  places: Pick<WatchedPlaces, 'all' | 'get' | 'status' | 'keys'>;
  checks: Pick<Checks, 'appendOnlyOf'>;
  catalogs: Pick<Catalogs, 'of'>;
  space: Pick<Space, 'freeBytes'>;
  history: Pick<History, 'provenAt'>;
}

/**
 * @param knows whether the caller may see more than that it is there, and whether it works
 * @returns undefined where there is no such destination
 */
export function destinationOf(
  name: string,
  { places, checks, catalogs, space, history }: DestinationWorld,
  knows: boolean
): Destination | undefined {
  const place = places.get(name);
  const status = places.status(name);
  if (!place || !status) return undefined;
  const { kind, isDefault, isRequired, location } = place;
  const { state, problem, retryAt, isInsecure, encryption } = status;
  const shown = { name, kind, isDefault, isRequired, isInsecure, state };
  if (!knows) return { ...shown, ...UNKNOWN };
  const read = catalogs.of(name);
  return {
    ...shown,
    location: location === '' ? null : location,
    problem: problem && problemOf(problem, name),
    retryAt: retryAt?.toISOString() ?? null,
    ...history.provenAt(name),
    freeBytes: space.freeBytes(name),
    catalog: read?.catalog ?? null,
    catalogProblem: read?.problem ? problemOf(read.problem, name) : null,
    encryption: encryption && {
      recipients: encryption.recipients.length,
      hasPassphrase: encryption.hasPassphrase,
      isUnlocked: encryption.hasPassphrase || places.keys.isUnlocked(name),
      kitStoredAt: status.kitStoredAt,
    },
    appendOnly: checks.appendOnlyOf(name),
  };
}

const UNKNOWN = {
  location: null,
  problem: null,
  retryAt: null,
  lastProvenAt: null,
  lastReadBackAt: null,
  freeBytes: null,
  catalog: null,
  catalogProblem: null,
  encryption: null,
  appendOnly: null,
};
