import { Icon } from '@iconify/react';
import { Button } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useState } from 'react';
import type { Backup } from '../../sidecar/api';
import { connectionTo } from '../api/connection';
import { failureOf } from '../api/failure';
import { refresh } from '../api/queries';
import { stopIcon } from '../ui/icons';
import { useText } from '../ui/text';

/** Ends a run that is under way. Nothing is left of it but its record. */
export function CancelButton({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const [isBusy, setBusy] = useState(false);
  const { id, namespace, name } = backup;

  async function cancel() {
    setBusy(true);
    try {
      await connectionTo(cluster).client.cancel(id, namespace);
      await refresh(cluster);
    } catch (error) {
      enqueueSnackbar(failureOf(error).message, { variant: 'error' });
    } finally {
      setBusy(false);
    }
  }

  return (
    <Button
      size="small"
      variant="outlined"
      color="inherit"
      disabled={isBusy}
      startIcon={<Icon icon={stopIcon} />}
      aria-label={t('Cancel the backup of {{volume}}', { volume: `${namespace}/${name}` })}
      onClick={cancel}
    >
      {t('Cancel')}
    </Button>
  );
}
