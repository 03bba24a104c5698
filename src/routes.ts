/**
 * Our pages; `navigation.tsx` says what each shows. Headlamp puts the cluster in front of a path, finds a route by its
 * name, whatever the case, and shows the name as the title of the tab: so names are titles that no other page has.
 */
export interface Route {
  name: string;
  path: string;
}

/** All paths of ours begin with it, below the cluster. */
export const PATH_PREFIX = '/nkvm/';

export const VOLUMES_ROUTE = { name: 'Volumes & Backups', path: '/nkvm/volumes' };
export const VOLUME_ROUTE = { name: 'Volume Backups', path: '/nkvm/volumes/:namespace/:name' };
/** `?name=CLAIM&status=STATUS`, and Headlamp's own `namespace=A B`. */
export const BACKUPS_ROUTE = { name: 'All Volume Backups', path: '/nkvm/backups' };
export const BACKUP_ROUTE = { name: 'Volume Backup', path: '/nkvm/backups/:id' };
/** What is in the archive of a backup. `?path=FOLDER&search=TEXT`; see `files/view.ts` for all of them. */
export const FILES_ROUTE = { name: 'Files of a Volume Backup', path: '/nkvm/backups/:id/files' };
/** `?path=PATH` */
export const VERSIONS_ROUTE = {
  name: 'Versions of a File in Volume Backups',
  path: '/nkvm/backups/:id/versions',
};
/** `?with=ID` of the older backup. */
export const COMPARE_ROUTE = {
  name: 'Comparison of Volume Backups',
  path: '/nkvm/backups/:id/compare',
};
/** `?backup=ID&namespace=NAMESPACE&paths=PATH&paths=PATH`; see `restores/draft.ts` for all of them. */
export const RESTORE_ROUTE = { name: 'Restore a Volume', path: '/nkvm/restore' };
export const RESTORE_RUN_ROUTE = { name: 'Volume Restore', path: '/nkvm/restores/:id' };
export const DESTINATIONS_ROUTE = { name: 'Backup Destinations', path: '/nkvm/destinations' };
/** Before the page of one: there, `new` would be a name. */
export const NEW_DESTINATION_ROUTE = {
  name: 'New Backup Destination',
  path: '/nkvm/destinations/new',
};
export const DESTINATION_ROUTE = { name: 'Backup Destination', path: '/nkvm/destinations/:name' };
export const EDIT_DESTINATION_ROUTE = {
  name: 'Settings of a Backup Destination',
  path: '/nkvm/destinations/:name/edit',
};
export const DOCTOR_ROUTE = { name: 'Backup Doctor', path: '/nkvm/doctor' };
/** Who can do what with the volumes of a namespace. */
export const ACCESS_ROUTE = { name: 'Access to Volumes', path: '/nkvm/access/:namespace' };

/** The clusters that NKVM backs up. */
export const CLUSTERS_ROUTE = { name: 'Clusters with Volume Backups', path: '/nkvm/clusters' };

/** `?who=TEXT&action=ACTION&volume=NAMESPACE/NAME&result=RESULT&since=DAY&until=DAY` */
export const AUDIT_ROUTE = { name: 'Audit Log of Backups', path: '/nkvm/audit' };

/** Headlamp's own: the kind, as Kubernetes writes it, is the name of the route and the key of its details page. */
export const CLAIM_ROUTE = 'PersistentVolumeClaim';
export const NAMESPACE_ROUTE = 'Namespace';
export const NODE_ROUTE = 'Node';

/** Query parameter of our pages: a plain user's token is minted in the namespace of the volume. */
export const NAMESPACE_PARAMETER = 'namespace';

/** Query parameter of the list of volumes: only those with this state are shown. */
export const STATE_PARAMETER = 'state';

/** Query parameter of `CLUSTER_ROUTES`: another cluster that NKVM backs up, or `EVERYWHERE` in a list. */
export const CLUSTER_PARAMETER = 'cluster';
export const EVERYWHERE = '*';

/** Pages that show one of the clusters that NKVM backs up. */
const CLUSTER_ROUTES: Route[] = [
  ...[VOLUMES_ROUTE, VOLUME_ROUTE, BACKUPS_ROUTE, BACKUP_ROUTE],
  ...[FILES_ROUTE, VERSIONS_ROUTE, COMPARE_ROUTE, RESTORE_ROUTE, RESTORE_RUN_ROUTE],
];
/** Pages about NKVM itself that others lead to. */
const HOME_ROUTES: Route[] = [DESTINATIONS_ROUTE, DESTINATION_ROUTE, CLUSTERS_ROUTE];

const hasName = (routes: Route[], name: string): boolean => routes.some(each => each.name === name);

/** @returns how a route is to be linked for a cluster that Headlamp itself does not show; undefined: it has no such page. */
export function linkAs(routeName: string): 'ofCluster' | 'ofHome' | undefined {
  if (hasName(CLUSTER_ROUTES, routeName)) return 'ofCluster';
  return hasName(HOME_ROUTES, routeName) ? 'ofHome' : undefined;
}
