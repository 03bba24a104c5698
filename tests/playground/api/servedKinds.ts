import { type Kind, kindNamed, KINDS } from '../store/kinds.ts';
import type { Store } from '../store/store.ts';

const DEFINITIONS = kindNamed('customresourcedefinitions.apiextensions.k8s.io');

/** @returns the kinds that the API server has now: custom ones once somebody has defined them. */
export const servedKinds = (store: Store): readonly Kind[] =>
  KINDS.filter(
    ({ definedBy }) =>
      definedBy === undefined || store.get(DEFINITIONS, undefined, definedBy) !== undefined
  );

export const findKind = (
  store: Store,
  { group, version, resource }: { group: string; version: string; resource: string }
): Kind | undefined =>
  servedKinds(store).find(
    kind => kind.group === group && kind.version === version && kind.plural === resource
  );
