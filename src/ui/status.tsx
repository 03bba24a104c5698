import { Icon, type IconifyIcon } from '@iconify/react';
import { StatusLabel, type StatusLabelProps } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, type Theme } from '@mui/material';
import type { BackupStatus } from '../../sidecar/api';
import { cancelledIcon, failedIcon, queuedIcon, runningIcon, successIcon } from './icons';
import { statusColor } from './statusColor';
import { type Translate, useText } from './text';
import { useIsNarrow } from './useIsNarrow';
import { WHOLE_WORDS } from './wholeWords';

interface BadgeProps {
  icon: IconifyIcon;
  color: StatusLabelProps['status'];
  text: string;
  iconColor?: (theme: Theme) => string;
}

/** Beside the actions of a row in a narrow window, a label of the usual size, or in one line, would be cut off. */
const SMALL = { px: 0.5, py: 0.25, gap: 0.5, fontSize: '0.75rem', whiteSpace: 'normal' };

/**
 * Headlamp's label of a state: an icon and a word, never a colour alone. Anything that is fine is plain text with a small
 * icon, so that labels stand out where there is something to do.
 */
export function Badge({ icon, color, text, iconColor }: BadgeProps) {
  const isNarrow = useIsNarrow();
  if (color === 'success') {
    return (
      <Box
        component="span"
        // By default the icon sets the baseline, and the word is too high.
        sx={{
          display: 'inline-flex',
          alignItems: 'center',
          gap: 0.75,
          verticalAlign: 'bottom',
          ...WHOLE_WORDS,
        }}
      >
        <Box component="span" aria-hidden sx={{ lineHeight: 0, color: statusColor('success') }}>
          <Icon icon={icon} width={16} />
        </Box>
        {text}
      </Box>
    );
  }
  return (
    <StatusLabel
      status={color}
      sx={{ alignItems: 'center', ...WHOLE_WORDS, ...(isNarrow && SMALL) }}
    >
      <Box
        component="span"
        aria-hidden
        sx={{ lineHeight: 0, ...(iconColor && { color: iconColor }) }}
      >
        <Icon icon={icon} width={isNarrow ? 14 : 16} />
      </Box>
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

interface RunBadgeProps {
  status: BackupStatus;
  /** Of another volume with the same name: its success says nothing about the volume that is there now. */
  isEarlier?: boolean;
}

/** The state of a run. */
export function RunBadge({ status, isEarlier = false }: RunBadgeProps) {
  const { t } = useText();
  const look = LOOKS[status];
  return <Badge {...look} color={isEarlier ? '' : look.color} text={statusText(status, t)} />;
}
