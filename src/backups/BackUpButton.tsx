import { Icon } from '@iconify/react';
import { useTranslation } from '@kinvolk/headlamp-plugin/lib';
import { Button } from '@mui/material';
import { backUpIcon } from '../ui/icons';
import type { Target } from './start';
import { useBackUp } from './useBackUp';

/** Backs up one volume. */
export function BackUpButton({ target }: { target: Target }) {
  const { t } = useTranslation();
  const { backUp, isBusy } = useBackUp();
  return (
    <Button
      variant="outlined"
      size="small"
      disabled={isBusy}
      startIcon={<Icon icon={backUpIcon} />}
      aria-label={t('Back up {{volume}}', { volume: `${target.namespace}/${target.name}` })}
      onClick={() => backUp([target])}
      sx={{ whiteSpace: 'nowrap' }}
    >
      {t('Back up')}
    </Button>
  );
}
