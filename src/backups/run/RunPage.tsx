import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { AlertTitle, Box, Stack, Typography } from '@mui/material';
import { useRef } from 'react';
import type { Backup } from '../../../sidecar/api';
import { LackNote } from '../../access/LackNote';
import { TO_BACK_UP, TO_READ, useLack } from '../../access/useLack';
import { isFinal } from '../../api/final';
import { Checks } from '../../checks/Checks';
import { BrowseLink } from '../../files/ArchiveLinks';
import { DownloadArchiveButton } from '../../files/DownloadArchiveButton';
import { ClusterLine } from '../../otherClusters/ClusterLine';
import { RestoreButton } from '../../restores/RestoreLink';
import { isRestorable } from '../../restores/sources';
import { Folded } from '../../ui/Folded';
import { Message } from '../../ui/Message';
import { PageHeader } from '../../ui/PageHeader';
import { sentence } from '../../ui/sentence';
import { useText } from '../../ui/text';
import { useFormatDate } from '../../ui/time/useFormatDate';
import { Warnings } from '../../ui/Warnings';
import { useBackLink } from '../../useBackLink';
import { AddressedBackup } from '../AddressedBackup';
import { BackupBadge } from '../BackupBadge';
import { RunStrip } from '../claim/RunStrip';
import { hasArchive } from '../copies/archiveState';
import { Copies } from '../copies/Copies';
import { isIncomplete, missingAt } from '../copies/copyStates';
import { AfterFailure } from './AfterFailure';
import { LastOutput } from './LastOutput';
import { RestoreByHand } from './RestoreByHand';
import { RunFacts } from './RunFacts';
import { RunProgress } from './RunProgress';
import { SealFacts } from './SealFacts';
import { Stages } from './Stages';
import { failedText } from './stageText';

/** The route to the page of one backup. */
export function RunRoute() {
  return (
    <AddressedBackup>
      {(backup, cluster) => <Run cluster={cluster} backup={backup} />}
    </AddressedBackup>
  );
}

function Run({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t } = useText();
  const box = useRef<HTMLDivElement>(null);
  const date = useFormatDate();
  const volume = `${backup.namespace}/${backup.name}`;
  const read = useLack(cluster, backup, TO_READ);
  const backUp = useLack(cluster, backup, TO_BACK_UP);
  return (
    <>
      <SectionBox
        backLink={useBackLink(cluster)}
        title={
          <PageHeader
            title={t('Backup of {{volume}}, {{date}}', {
              volume,
              date: date(backup.createdAt),
            })}
            actions={[
              <Stack key="actions" direction="row" flexWrap="wrap" alignItems="center" gap={1}>
                <Box sx={{ mr: 1 }}>
                  <BackupBadge backup={backup} />
                </Box>
                {isRestorable(backup) && (
                  <>
                    <RestoreButton
                      cluster={cluster}
                      start={{ backup: backup.id, from: backup }}
                      label={t('Restore {{volume}}', { volume })}
                    />
                    <BrowseLink cluster={cluster} backup={backup} />
                    <DownloadArchiveButton cluster={cluster} backup={backup} />
                  </>
                )}
              </Stack>,
            ]}
          />
        }
      >
        <ClusterLine cluster={cluster} />
        <Box ref={box} tabIndex={-1} sx={{ outline: 'none' }}>
          <Stack spacing={2}>
            {!isFinal(backup.status) && (
              <RunProgress
                cluster={cluster}
                backup={backup}
                onCancelled={() => box.current?.focus()}
              />
            )}
            {(!isFinal(backup.status) || isRestorable(backup)) && (
              <LackNote cluster={cluster} lacks={isFinal(backup.status) ? [read] : [backUp]} />
            )}
            <Outcome backup={backup} />
            {backup.status === 'failed' && !isIncomplete(backup) && (
              <AfterFailure cluster={cluster} backup={backup} />
            )}
            <LastOutput backup={backup} />
            {isFinal(backup.status) && <RunStrip cluster={cluster} backup={backup} />}
          </Stack>
        </Box>
      </SectionBox>
      <Copies cluster={cluster} backup={backup} />
      <SealFacts backup={backup} />
      {hasArchive(backup) && <Checks cluster={cluster} backup={backup} />}
      {backup.restoreCommand && (
        <RestoreByHand cluster={cluster} backup={backup} command={backup.restoreCommand} />
      )}
      <Stages backup={backup} />
      <Folded title={t('Details')}>
        <RunFacts cluster={cluster} backup={backup} />
      </Folded>
    </>
  );
}

/** The facts that a person needs first about a run that did not succeed. */
function Outcome({ backup }: { backup: Backup }) {
  const { t } = useText();
  const { status, stage, reason, message, hint, warnings } = backup;
  return (
    <>
      {status === 'failed' && (
        <Message severity={isIncomplete(backup) ? 'warning' : 'error'}>
          <AlertTitle>
            {isIncomplete(backup)
              ? t('Incomplete. Missing at {{names}}', { names: missingAt(backup).join(', ') })
              : failedText(stage, t)}
            {reason && (
              <Typography component="code" variant="caption" sx={{ ml: 1 }}>
                {reason}
              </Typography>
            )}
          </AlertTitle>
          {isIncomplete(backup) && (
            <Typography variant="body2" gutterBottom>
              {t('The other copies are verified and can be restored.')}
            </Typography>
          )}
          <Typography variant="body2">{sentence(message)}</Typography>
          {hint && (
            <Typography variant="body2" sx={{ mt: 1 }}>
              <strong>{t('How to fix it')}</strong> {sentence(hint)}
            </Typography>
          )}
        </Message>
      )}
      <Warnings of={warnings} />
    </>
  );
}
