import { ConfigStore } from '@kinvolk/headlamp-plugin/lib';
import { connectedClusters, placeChanged } from '../api/session/connection';
import {
  type PlaceChoice,
  placeOf,
  type PlaceSettings,
  placeSettings,
  proxyPathOf,
  readPlacesFrom,
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
    new Map(connectedClusters().map(cluster => [cluster, proxyPathOf(placeOf(cluster))]));
  const before = ways();
  store.set(settings);
  for (const [cluster, way] of ways()) if (before.get(cluster) !== way) placeChanged(cluster);
}

/** Keeps a person's choice for one cluster. */
export function choosePlace(cluster: string, { namespace, service }: PlaceChoice): void {
  const { all, clusters } = placeSettings();
  savePlaces({ all, clusters: { ...clusters, [cluster]: { namespace, service } } });
}
