import type { Owner, OwnerReference } from '../../sidecar/api';

/** Kinds that Headlamp has a page for. The name of its route is the kind. */
const WITH_PAGE: Record<string, string[]> = {
  v1: ['Pod'],
  'apps/v1': ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'],
  'batch/v1': ['Job', 'CronJob'],
};

/** @returns the name of Headlamp's route to `owner`; undefined for custom controllers. */
export const routeOf = ({ apiVersion, kind }: OwnerReference): string | undefined =>
  WITH_PAGE[apiVersion]?.find(known => known === kind);

export function ownersOf(owner: Owner): OwnerReference[] {
  switch (owner.kind) {
    case 'Single':
      return [owner.owner];
    case 'Multiple':
      return owner.owners;
    case 'Unknown':
      return [];
  }
}

/** What search and sorting see. */
export const ownerText = (owner: Owner): string =>
  ownersOf(owner)
    .map(({ kind, name }) => `${kind} ${name}`)
    .join(', ');
