import { Icon } from '@iconify/react';
import { Box, Typography } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { LOCAL_DESTINATION } from '../../../sidecar/api/names.ts';
import { warnIcon } from '../../ui/icons';
import { statusColor } from '../../ui/statusColor';
import { useText } from '../../ui/text';
import { missingAt, presentAt } from './copyStates';

/** In a row of a table: where the archive is, and where it is missing. Nothing where it can only be in one place. */
export function CopyPlaces({ backup }: { backup: Backup }) {
  const { t } = useText();
  const present = presentAt(backup);
  const missing = missingAt(backup);
  const isOnlyLocal = present.every(name => name === LOCAL_DESTINATION) && missing.length === 0;
  if (isOnlyLocal) return null;
  return (
    <Typography
      component="div"
      variant="caption"
      color="text.secondary"
      sx={{ overflowWrap: 'anywhere' }}
    >
      {present.join(' · ')}
      {missing.length > 0 && (
        <Box sx={{ display: 'flex', gap: 0.5, alignItems: 'center' }}>
          <Box component="span" aria-hidden sx={{ lineHeight: 0, color: statusColor('warning') }}>
            <Icon icon={warnIcon} width={14} />
          </Box>
          {t('Missing at {{names}}', { names: missing.join(', ') })}
        </Box>
      )}
    </Typography>
  );
}
