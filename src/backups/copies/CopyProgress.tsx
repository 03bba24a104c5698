import { Typography } from '@mui/material';
import type { CopyRun } from '../../../sidecar/api';
import { destinationClient } from '../../api/clients/destinationClient';
import { isFinal } from '../../api/final';
import { useCopyRun } from '../../api/queries/destinationQueries';
import { connectionTo } from '../../api/session/connection';
import { ConfirmButton } from '../../restores/ConfirmButton';
import { RestoreProgress } from '../../restores/run/RestoreProgress';
import { stopIcon } from '../../ui/icons';
import { Message } from '../../ui/Message';
import { sentence } from '../../ui/sentence';
import { useText } from '../../ui/text';

/** How far a copy is that was started on this page, or why it failed; nothing once it is there. */
export function CopyProgress({ cluster, started }: { cluster: string; started: CopyRun }) {
  const { t } = useText();
  const { value: run = started } = useCopyRun(cluster, started);
  const { id, namespace, destination, status, stage, bytes, totalBytes, message, hint } = run;
  if (isFinal(status)) {
    return status === 'failed' ? (
      <Message severity="error">
        {t('The copy to {{destination}} failed.', { destination })} {sentence(message)}
        {hint && `. ${sentence(hint)}`}
      </Message>
    ) : null;
  }
  return (
    <RestoreProgress
      status={status}
      activity={t('Copying to {{destination}}', { destination })}
      bytes={bytes}
      totalBytes={totalBytes}
      isCopying={stage === 'copy'}
    >
      <ConfirmButton
        cluster={cluster}
        icon={stopIcon}
        text={t('Cancel')}
        label={t('Cancel the copy to {{destination}}', { destination })}
        title={t('Cancel the copy to {{destination}}?', { destination })}
        no={t('Keep it running')}
        yes={t('Cancel the copy')}
        isDangerous
        failure={t('The copy could not be cancelled')}
        act={() => destinationClient(connectionTo(cluster)).cancelCopy(id, { namespace })}
      >
        <Typography>{t('Other copies of this backup are kept.')}</Typography>
      </ConfirmButton>
    </RestoreProgress>
  );
}
