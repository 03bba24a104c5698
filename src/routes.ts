/** Names and paths of our pages. Paths get the cluster put in front. */
export const VOLUMES_ROUTE = { name: 'nkvmVolumes', path: '/nkvm/volumes' };
export const BACKUP_ROUTE = { name: 'nkvmBackup', path: '/nkvm/backups/:id' };

/** Headlamp's own. */
export const CLAIM_ROUTE = 'persistentVolumeClaim';

export const SIDEBAR_ENTRY = 'nkvm-volumes';

/** Query parameter of a run's page: a plain user's token is minted in the namespace of the volume. */
export const NAMESPACE_PARAMETER = 'namespace';
