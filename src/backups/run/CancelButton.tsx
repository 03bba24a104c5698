import { Icon } from '@iconify/react';
import { Button, Typography } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useState } from 'react';
import type { Backup } from '../../../sidecar/api';
import { lackText, TO_BACK_UP, useLack } from '../../access/useLack';
import { refresh } from '../../api/queries/queries';
import { connectionTo } from '../../api/session/connection';
import { troubleOf } from '../../api/trouble';
import { failedText } from '../../setup/troubleText';
import { WithReason } from '../../ui/buttons/WithReason';
import { stopIcon } from '../../ui/icons';
import { useText } from '../../ui/text';
import { TextDialog } from '../../ui/TextDialog';

interface CancelButtonProps {
  cluster: string;
  backup: Backup;
  /** The run has ended, and this button is going: the focus needs another place. */
  onCancelled?(): void;
}

/** Ends a run that is under way, once that is confirmed. Nothing is left of it but its record. */
export function CancelButton({ cluster, backup, onCancelled }: CancelButtonProps) {
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const { id, namespace, name } = backup;
  const volume = `${namespace}/${name}`;
  const why = lackText(useLack(cluster, backup, TO_BACK_UP), t);
  const isInert = isBusy || why !== undefined;

  async function cancel() {
    setAsking(false);
    setBusy(true);
    try {
      await connectionTo(cluster).client.cancel(id, namespace);
      onCancelled?.();
      await refresh(cluster);
    } catch (error) {
      enqueueSnackbar(failedText(t('The backup could not be cancelled'), troubleOf(error), t), {
        variant: 'error',
      });
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <WithReason why={why}>
        {about => (
          <Button
            size="small"
            variant="outlined"
            color="inherit"
            startIcon={<Icon icon={stopIcon} />}
            aria-label={t('Cancel the backup of {{volume}}', { volume })}
            onClick={isInert ? undefined : () => setAsking(true)}
            sx={{ opacity: isInert ? 0.5 : undefined }}
            {...about}
            aria-disabled={isInert || undefined}
          >
            {isBusy ? t('Cancelling…') : t('Cancel')}
          </Button>
        )}
      </WithReason>
      <TextDialog
        title={t('Cancel the backup of {{volume}}?', { volume })}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        actions={
          <>
            <Button onClick={() => setAsking(false)}>{t('Keep it running')}</Button>
            <Button color="error" onClick={cancel}>
              {t('Cancel the backup')}
            </Button>
          </>
        }
      >
        <Typography>
          {t('The data copied so far is deleted. Earlier backups of this volume are kept.')}
        </Typography>
      </TextDialog>
    </>
  );
}
