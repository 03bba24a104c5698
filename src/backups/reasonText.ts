import { type Translate } from '../ui/text';

/** @returns in a few words why a volume cannot be backed up now. @param reason of the sidecar; others have no words. */
export function reasonText(reason: string | null, t: Translate): string {
  switch (reason) {
    case 'NamespaceNotOpen':
    case 'NamespaceNotSelected':
      return t('Backups not allowed yet');
    case 'ClaimNotBound':
      return t('Not bound yet');
    case 'ClaimInUse':
      return t('In use by a pod');
    case 'ClaimLost':
      return t('Storage lost');
    case 'ClaimTerminating':
      return t('Being deleted');
    case 'BlockVolume':
      return t('Block device');
    case 'ClaimNotFound':
    case 'NamespaceNotFound':
      return t('Deleted');
    case 'Forbidden':
      return t('No permission');
    default:
      return t('Cannot be backed up now');
  }
}
