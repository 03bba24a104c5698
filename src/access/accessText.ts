import type { Scope } from '../../sidecar/api';
import type { VolumeAction } from '../../sidecar/api/names.ts';
import type { Translate } from '../ui/text';

/** An action, as the heading of a column. */
export function actionName(action: VolumeAction, t: Translate): string {
  switch (action) {
    case 'see':
      return t('See backups');
    case 'backUp':
      return t('Back up');
    case 'browse':
      return t('Browse and download');
    case 'restore':
      return t('Restore');
  }
}

/**
 * @param scope absent: of an older sidecar
 * @returns where NKVM itself may work; null: not known
 */
export function scopeText(scope: Scope | undefined, t: Translate): string | null {
  switch (scope) {
    case 'namespaces':
      return t('Volumes in the namespaces that were opened one by one');
    case 'selector':
      return t('Volumes in all namespaces with certain labels');
    case 'cluster':
      return t('Volumes in all namespaces of the cluster');
    default:
      return null;
  }
}

/** The roles that can be granted, smallest first. */
export const ROLES = ['nkvm-viewer', 'nkvm-operator', 'nkvm-restorer'] as const;
export type Role = (typeof ROLES)[number];

/** What a role allows. */
export function roleText(role: Role, t: Translate): string {
  switch (role) {
    case 'nkvm-viewer':
      return t('See the volumes and their backups.');
    case 'nkvm-operator':
      return t('See the volumes and their backups, and back them up.');
    case 'nkvm-restorer':
      return t('Also read everything that is in the archives, and overwrite the volumes with it.');
  }
}
