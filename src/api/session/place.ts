import { NKVM_NAMESPACE, NKVM_SERVICE, serviceProxyPath } from '../../../sidecar/api/names.ts';
import { type ClusterRef, partsOf } from '../clusterRef';

/** Where the NKVM of a cluster is. */
export interface Place {
  /** The cluster that it runs in, as Headlamp names it. */
  cluster: string;
  namespace: string;
  service: string;
}

/** A person's choice for a cluster, or for all of them. */
export type PlaceChoice = Pick<Place, 'namespace' | 'service'>;

/** What a person has chosen, in this browser. */
export interface PlaceSettings {
  /** For every cluster without a choice of its own. */
  all?: PlaceChoice;
  clusters: Readonly<Record<string, PlaceChoice>>;
}

export const DEFAULT_PLACE: PlaceChoice = { namespace: NKVM_NAMESPACE, service: NKVM_SERVICE };

/** Whether `text` is a name that a namespace or a Service can have (RFC 1123 label). */
export const isName = (text: string): boolean => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);

let stored: () => unknown = () => undefined;

/** @param read gives what is stored now. Storage of the browser is not trusted: a name becomes a part of an address. */
export function readPlacesFrom(read: () => unknown): void {
  stored = read;
}

/** @returns the settings without anything that is not a place. */
export function placeSettings(): PlaceSettings {
  const { all, clusters } = objectOf(stored());
  const chosen = Object.entries(objectOf(clusters)).flatMap(([cluster, value]) => {
    const choice = choiceOf(value);
    return choice ? [[cluster, choice] as const] : [];
  });
  return { all: choiceOf(all), clusters: Object.fromEntries(chosen) };
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function choiceOf(value: unknown): PlaceChoice | undefined {
  const { namespace, service } = objectOf(value);
  if (typeof namespace !== 'string' || typeof service !== 'string') return undefined;
  return isName(namespace) && isName(service) ? { namespace, service } : undefined;
}

/** Where the NKVM is that looks after a cluster: the only answer to this question in the plugin. */
export function placeOf(cluster: ClusterRef): Place {
  const { home } = partsOf(cluster);
  const { all, clusters } = placeSettings();
  const chosen = Object.hasOwn(clusters, home) ? clusters[home] : undefined;
  return { cluster: home, ...(chosen ?? all ?? DEFAULT_PLACE) };
}

/** @returns the way from the API server of its cluster to NKVM; an API path follows, e.g. `/api/v1/volumes`. */
export const proxyPathOf = ({ namespace, service }: PlaceChoice): string =>
  serviceProxyPath(namespace, service);
