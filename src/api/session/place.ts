import { NKVM_NAMESPACE, NKVM_SERVICE, serviceProxyPath } from '../../../sidecar/api/names.ts';
import { type ClusterRef, partsOf } from '../clusterRef';

/** Where the NKVM of a cluster is. */
export interface Place {
  /** The cluster that it runs in, as Headlamp names it. */
  cluster: string;
  namespace: string;
  /** See `isServiceName`. */
  service: string;
  /** As that NKVM calls the cluster that was asked about, where it runs in another one. */
  as?: string;
}

/** The NKVM of another cluster that backs up a cluster. */
export interface Protector {
  /** The cluster that it runs in, as Headlamp names it. */
  runsIn: string;
  /** As it calls the cluster that it backs up. */
  as: string;
}

/** A person's choice for a cluster, or for all of them. */
export type PlaceChoice = Pick<Place, 'namespace' | 'service'>;

/** What a person has chosen, in this browser. */
export interface PlaceSettings {
  /** For every cluster without a choice of its own. */
  all?: PlaceChoice;
  clusters: Readonly<Record<string, PlaceChoice>>;
  /** For clusters that an NKVM in another one backs up. */
  protectors?: Readonly<Record<string, Protector>>;
}

export const DEFAULT_PLACE: PlaceChoice = { namespace: NKVM_NAMESPACE, service: NKVM_SERVICE };

/** Whether `text` is a name that a namespace or a Service can have (RFC 1123 label). */
export const isName = (text: string): boolean => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);

/** Whether `text` is the name of a Service, as the service proxy takes it: with `https:` before it where its port takes HTTPS. */
export const isServiceName = (text: string): boolean => isName(text.replace(/^https:/, ''));

let stored: () => unknown = () => undefined;

/** @param read gives what is stored now. Storage of the browser is not trusted: a name becomes a part of an address. */
export function readPlacesFrom(read: () => unknown): void {
  stored = read;
}

/** @returns the settings without anything that is not a place. @param settings those that count, where none are given */
export function placeSettings(settings: unknown = stored()): PlaceSettings {
  const { all, clusters, protectors } = objectOf(settings);
  const chosen = Object.entries(objectOf(clusters)).flatMap(([cluster, value]) => {
    const choice = choiceOf(value);
    return choice ? [[cluster, choice] as const] : [];
  });
  const protecting = Object.entries(objectOf(protectors)).flatMap(([cluster, value]) => {
    const protector = protectorOf(value);
    return protector && protector.runsIn !== cluster ? [[cluster, protector] as const] : [];
  });
  return {
    all: choiceOf(all),
    clusters: Object.fromEntries(chosen),
    protectors: Object.fromEntries(protecting),
  };
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function choiceOf(value: unknown): PlaceChoice | undefined {
  const { namespace, service } = objectOf(value);
  if (typeof namespace !== 'string' || typeof service !== 'string') return undefined;
  return isName(namespace) && isServiceName(service) ? { namespace, service } : undefined;
}

function protectorOf(value: unknown): Protector | undefined {
  const { runsIn, as } = objectOf(value);
  if (typeof runsIn !== 'string' || typeof as !== 'string') return undefined;
  // It becomes a part of a path, and Headlamp's names have no slash.
  return runsIn !== '' && !runsIn.includes('/') && isName(as) ? { runsIn, as } : undefined;
}

/** Where the NKVM is that backs up a cluster: the only answer to this question in the plugin. */
export function placeOf(cluster: ClusterRef): Place {
  const { home } = partsOf(cluster);
  const { all, clusters, protectors = {} } = placeSettings();
  const protector = Object.hasOwn(protectors, home) ? protectors[home] : undefined;
  const runsIn = protector?.runsIn ?? home;
  const chosen = Object.hasOwn(clusters, runsIn) ? clusters[runsIn] : undefined;
  return {
    ...{ cluster: runsIn, ...(chosen ?? all ?? DEFAULT_PLACE) },
    ...(protector && { as: protector.as }),
  };
}

/** @returns the way from the API server of its cluster to NKVM; an API path follows, e.g. `/api/v1/volumes`. */
export const proxyPathOf = ({ namespace, service }: PlaceChoice): string =>
  serviceProxyPath(namespace, service);

/** @returns what tells the place of one NKVM, and what it is asked about, from all others. */
export const wayTo = (place: Place): string =>
  JSON.stringify([place.cluster, proxyPathOf(place), place.as]);
