import { Icon, type IconifyIcon } from '@iconify/react';
import { useTranslation } from '@kinvolk/headlamp-plugin/lib';
import { StatusLabel, type StatusLabelProps } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import type { BackupStatus } from '../../sidecar/api';
import { cancelledIcon, failedIcon, queuedIcon, runningIcon, successIcon } from './icons';
import type { Translate } from './translate';

interface BadgeProps {
  icon: IconifyIcon;
  color: StatusLabelProps['status'];
  text: string;
}

/** Headlamp's label of a state: an icon and a word, never a colour alone. */
export function Badge({ icon, color, text }: BadgeProps) {
  return (
    <StatusLabel status={color} sx={{ alignItems: 'center' }}>
      <Icon icon={icon} width={16} aria-hidden />
      {text}
    </StatusLabel>
  );
}

export function statusText(status: BackupStatus, t: Translate): string {
  switch (status) {
    case 'queued':
      return t('Queued');
    case 'running':
      return t('Running');
    case 'success':
      return t('Succeeded');
    case 'failed':
      return t('Failed');
    case 'cancelled':
      return t('Cancelled');
  }
}

export const LOOKS: Record<BackupStatus, Omit<BadgeProps, 'text'>> = {
  queued: { icon: queuedIcon, color: '' },
  running: { icon: runningIcon, color: '' },
  success: { icon: successIcon, color: 'success' },
  failed: { icon: failedIcon, color: 'error' },
  cancelled: { icon: cancelledIcon, color: '' },
};

/** The state of a run. */
export function RunBadge({ status }: { status: BackupStatus }) {
  const { t } = useTranslation();
  return <Badge {...LOOKS[status]} text={statusText(status, t)} />;
}
