import { useMemo, useSyncExternalStore } from 'react';
import { connectedClusters, placeChanged } from '../api/session/connection';
import {
  type PlaceChoice,
  placeOf,
  type PlaceSettings,
  placeSettings,
  type Protector,
  readPlacesFrom,
  wayTo,
} from '../api/session/place';

/** Name of the plugin, as Headlamp knows it. */
export const PLUGIN = 'nkvm';

/**
 * In the storage of the browser. Headlamp's own store for plugins has a copy in each tab, and writes all of it: a tab that was opened earlier
 * would undo what another one has saved.
 */
const KEY = 'nkvm-places';

/** What this tab goes by. It changes only together with what is kept of the former places. */
let current: unknown;
const listeners = new Set<() => void>();

/** From now on, places are those that a person has chosen in this browser, in whichever tab. */
export function readPlacesOfBrowser(): void {
  current = stored();
  readPlacesFrom(() => current);
  window.addEventListener('storage', ({ key }) => {
    // Without a key, all of the storage was emptied.
    if (key === KEY || key === null) take(stored());
  });
}

function stored(): unknown {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}');
  } catch {
    return undefined;
  }
}

/** Of a cluster whose NKVM is another one then, nothing is kept that the former one said. */
function take(settings: unknown): void {
  const ways = () =>
    new Map(connectedClusters().map(cluster => [cluster, wayTo(placeOf(cluster))]));
  const before = ways();
  current = settings;
  for (const [cluster, way] of ways()) if (before.get(cluster) !== way) placeChanged(cluster);
  listeners.forEach(each => each());
}

/** @returns the choices of this browser, also those that another tab saves. */
export function usePlaces(): PlaceSettings {
  const now = useSyncExternalStore(
    listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current
  );
  return useMemo(() => placeSettings(now), [now]);
}

/**
 * Keeps what a person has chosen.
 * @param change gets what is stored, perhaps by another tab just now. Anything that the person has not chosen here stays.
 * @returns false where the browser did not store it: it counts until the page is loaded again.
 */
export function savePlaces(change: (stored: PlaceSettings) => PlaceSettings): boolean {
  const settings = change(placeSettings(stored()));
  let isStored = true;
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    isStored = false;
  }
  take(settings);
  return isStored;
}

/** Keeps a person's choice for one cluster. */
export function choosePlace(cluster: string, { namespace, service }: PlaceChoice): void {
  savePlaces(({ all, clusters, protectors }) => ({
    all,
    clusters: { ...clusters, [cluster]: { namespace, service } },
    protectors: without(cluster, protectors),
  }));
}

/** Keeps which NKVM backs up a cluster: one of another cluster, or, where none is given, its own. */
export function chooseProtector(cluster: string, protector: Protector | undefined): void {
  savePlaces(({ protectors, ...others }) => ({
    ...others,
    protectors: { ...without(cluster, protectors), ...(protector && { [cluster]: protector }) },
  }));
}

const without = (cluster: string, protectors: PlaceSettings['protectors'] = {}) =>
  Object.fromEntries(Object.entries(protectors).filter(([name]) => name !== cluster));
