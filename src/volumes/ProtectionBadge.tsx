import type { IconifyIcon } from '@iconify/react';
import type { StatusLabelProps } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import {
  alertIcon,
  failedIcon,
  hiddenIcon,
  laterIcon,
  lockIcon,
  oldIcon,
  pausedIcon,
  provenIcon,
  queuedIcon,
  restoreIcon,
  runningIcon,
  successIcon,
  unboundIcon,
  unknownIcon,
  warnIcon,
} from '../ui/icons';
import { Badge } from '../ui/status';
import { type Translate, useText } from '../ui/text';
import type { Protection } from './protection';

export function protectionText(protection: Protection, t: Translate): string {
  switch (protection) {
    case 'lost':
      return t('Storage lost');
    case 'queued':
      return t('Queued');
    case 'running':
      return t('Backing up');
    case 'unbound':
      return t('Not bound yet');
    case 'hidden':
      return t('No access');
    case 'old':
      return t('Backup is old');
    case 'failed':
      return t('Backup failed');
    case 'incomplete':
      return t('Incomplete');
    case 'backedUp':
      return t('Backed up');
    case 'never':
      return t('Not backed up');
    case 'protected':
      return t('Protected');
    case 'waiting':
      return t('First backup planned');
    case 'overdue':
      return t('Overdue');
    case 'suspended':
      return t('Suspended');
    case 'held':
      return t('On hold');
    case 'invalid':
      return t('Schedule not valid');
    case 'unknown':
      return t('Unknown');
    case 'restoring':
      return t('Restoring');
    case 'restoreWaits':
      return t('Waiting for restore');
    case 'needsDecision':
      return t('Needs a decision');
  }
}

interface Look {
  icon: IconifyIcon;
  color: StatusLabelProps['status'];
}

const LOOKS: Record<Protection, Look> = {
  lost: { icon: failedIcon, color: 'error' },
  queued: { icon: queuedIcon, color: '' },
  running: { icon: runningIcon, color: '' },
  unbound: { icon: unboundIcon, color: '' },
  hidden: { icon: hiddenIcon, color: '' },
  failed: { icon: failedIcon, color: 'error' },
  backedUp: { icon: successIcon, color: 'success' },
  old: { icon: oldIcon, color: 'warning' },
  never: { icon: alertIcon, color: 'warning' },
  incomplete: { icon: warnIcon, color: 'warning' },
  protected: { icon: provenIcon, color: 'success' },
  waiting: { icon: laterIcon, color: '' },
  overdue: { icon: oldIcon, color: 'error' },
  suspended: { icon: pausedIcon, color: 'warning' },
  held: { icon: lockIcon, color: 'warning' },
  invalid: { icon: alertIcon, color: 'error' },
  unknown: { icon: unknownIcon, color: 'warning' },
  restoring: { icon: restoreIcon, color: '' },
  restoreWaits: { icon: laterIcon, color: 'warning' },
  needsDecision: { icon: alertIcon, color: 'error' },
};

/** How a volume stands. */
export function ProtectionBadge({ protection }: { protection: Protection }) {
  const { t } = useText();
  return <Badge {...LOOKS[protection]} text={protectionText(protection, t)} />;
}
