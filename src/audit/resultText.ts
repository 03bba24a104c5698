import type { AuditResult } from '../../sidecar/api';
import { cancelledIcon, failedIcon, lockIcon, successIcon, unknownIcon } from '../ui/icons';
import type { Translate } from '../ui/text';

export function resultText(result: AuditResult, t: Translate): string {
  switch (result) {
    case 'allowed':
      return t('Allowed');
    case 'refused':
      return t('Refused');
    case 'failed':
      return t('Failed');
    case 'success':
      return t('Succeeded');
    case 'cancelled':
      return t('Cancelled');
    case 'interrupted':
      return t('Interrupted');
  }
}

/** How a result looks; `interrupted` is not known to be good or bad. */
export const RESULT_LOOKS = {
  allowed: { icon: successIcon, color: 'success' },
  success: { icon: successIcon, color: 'success' },
  refused: { icon: lockIcon, color: 'warning' },
  failed: { icon: failedIcon, color: 'error' },
  cancelled: { icon: cancelledIcon, color: '' },
  interrupted: { icon: unknownIcon, color: 'warning' },
} as const;
