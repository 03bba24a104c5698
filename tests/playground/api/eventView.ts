import type { Kind } from '../store/kinds.ts';
import type { Draft, KubeObject } from '../store/object.ts';

/** Fields that both kinds of Event have, under the names of `v1` and of `events.k8s.io/v1`. */
const NAMES: Record<string, string> = {
  count: 'deprecatedCount',
  firstTimestamp: 'deprecatedFirstTimestamp',
  involvedObject: 'regarding',
  lastTimestamp: 'deprecatedLastTimestamp',
  message: 'note',
  reportingComponent: 'reportingController',
  source: 'deprecatedSource',
};
const CORE_NAMES = Object.fromEntries(Object.entries(NAMES).map(([core, name]) => [name, core]));

const rename = (object: object, names: Record<string, string>, apiVersion: string) =>
  Object.fromEntries(
    Object.entries({ ...object, apiVersion }).map(([name, value]) => [names[name] ?? name, value])
  );

/** @returns an object as the clients of the kind see it: Events are stored once, as `v1`. */
export const shown = <T extends KubeObject>(kind: Kind, object: T): T =>
  kind.storedAs ? (rename(object, NAMES, 'events.k8s.io/v1') as unknown as T) : object;

/** @returns what clients of the kind send as it is stored. */
export const taken = (kind: Kind, draft: Draft): Draft =>
  kind.storedAs ? rename(draft, CORE_NAMES, 'v1') : draft;
