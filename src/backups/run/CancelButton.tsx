import { Typography } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { lackText, TO_BACK_UP, useLack } from '../../access/useLack';
import { connectionTo } from '../../api/session/connection';
import { ConfirmButton } from '../../restores/ConfirmButton';
import { stopIcon } from '../../ui/icons';
import { useText } from '../../ui/text';

interface CancelButtonProps {
  cluster: string;
  backup: Backup;
  /** The run has ended, and this button disappears: the focus needs another place. */
  onCancelled?(): void;
}

/** Cancels a running backup after a confirmation. Its record in the history stays. */
export function CancelButton({ cluster, backup, onCancelled }: CancelButtonProps) {
  const { t } = useText();
  const { id, namespace, name } = backup;
  const volume = `${namespace}/${name}`;
  return (
    <ConfirmButton
      cluster={cluster}
      icon={stopIcon}
      text={t('Cancel')}
      busyText={t('Cancelling…')}
      label={t('Cancel the backup of {{volume}}', { volume })}
      title={t('Cancel the backup of {{volume}}?', { volume })}
      no={t('Keep it running')}
      yes={t('Cancel the backup')}
      isDangerous
      why={lackText(useLack(cluster, backup, TO_BACK_UP), t)}
      failure={t('The backup could not be cancelled')}
      act={async () => {
        await connectionTo(cluster).client.cancel(id, namespace);
        onCancelled?.();
      }}
    >
      <Typography>
        {t('The data copied so far is deleted. Earlier backups of this volume are kept.')}
      </Typography>
    </ConfirmButton>
  );
}
