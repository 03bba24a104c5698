import { ConfigStore } from '@kinvolk/headlamp-plugin/lib';
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

/** Headlamp keeps it in the storage of the browser. */
const store = new ConfigStore<PlaceSettings>(PLUGIN);

/** From now on, places are those that a person has chosen in this browser. */
export const readPlacesOfBrowser = (): void => readPlacesFrom(() => store.get());

/** Keeps what a person has chosen. Of a cluster whose NKVM is another one then, nothing is kept that the former one said. */
export function savePlaces(settings: PlaceSettings): void {
  const ways = () =>
    new Map(connectedClusters().map(cluster => [cluster, wayTo(placeOf(cluster))]));
  const before = ways();
  store.set(settings);
  for (const [cluster, way] of ways()) if (before.get(cluster) !== way) placeChanged(cluster);
}

/** Keeps a person's choice for one cluster. */
export function choosePlace(cluster: string, { namespace, service }: PlaceChoice): void {
  const { all, clusters, protectors } = placeSettings();
  savePlaces({
    all,
    clusters: { ...clusters, [cluster]: { namespace, service } },
    protectors: without(cluster, protectors),
  });
}

/** Keeps which NKVM backs up a cluster: one of another cluster, or, where none is given, its own. */
export function chooseProtector(cluster: string, protector: Protector | undefined): void {
  const { protectors, ...others } = placeSettings();
  savePlaces({
    ...others,
    protectors: { ...without(cluster, protectors), ...(protector && { [cluster]: protector }) },
  });
}

const without = (cluster: string, protectors: PlaceSettings['protectors'] = {}) =>
  Object.fromEntries(Object.entries(protectors).filter(([name]) => name !== cluster));
