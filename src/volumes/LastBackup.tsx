import { Icon } from '@iconify/react';
import { Box, Tooltip, Typography } from '@mui/material';
import type { BackupStatus } from '../../sidecar/api';
import { RunLink } from '../backups/RunLink';
import { Ago } from '../ui/Ago';
import { LOOKS, statusText } from '../ui/status';
import { useText } from '../ui/text';
import type { Row } from './row';

const COLORS: Partial<Record<BackupStatus, string>> = {
  success: 'success.main',
  failed: 'error.main',
};

/** The newest run of a volume: how it ended, when, and the way to it. */
export function LastBackup({ cluster, volume }: Row) {
  const { t } = useText();
  const { lastBackup, backupsVisible, namespace } = volume;
  if (!lastBackup) {
    return (
      <Typography component="span" variant="body2" color="text.secondary">
        {backupsVisible ? t('Never') : t('Not visible')}
      </Typography>
    );
  }
  const status = statusText(lastBackup.status, t);
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.75 }}>
      <Tooltip title={lastBackup.message || status}>
        <Box
          role="img"
          aria-label={status}
          sx={{ lineHeight: 0, color: COLORS[lastBackup.status] ?? 'text.secondary' }}
        >
          <Icon icon={LOOKS[lastBackup.status].icon} width={18} />
        </Box>
      </Tooltip>
      <RunLink cluster={cluster} id={lastBackup.id} namespace={namespace}>
        <Ago date={lastBackup.endedAt ?? lastBackup.createdAt} />
      </RunLink>
    </Box>
  );
}
