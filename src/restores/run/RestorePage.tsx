import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { AlertTitle, Box, Stack, Typography } from '@mui/material';
import { useRef } from 'react';
import type { Restore } from '../../../sidecar/api';
import { LackNote } from '../../access/LackNote';
import { lackText, TO_RESTORE, TO_WRITE, useLack } from '../../access/useLack';
import { restoreClient } from '../../api/clients/restoreClient';
import { isFinal } from '../../api/final';
import { useRestore } from '../../api/queries/restoreQueries';
import { connectionTo } from '../../api/session/connection';
import { refOfRecord } from '../../api/session/recordRef';
import { LastOutput } from '../../backups/run/LastOutput';
import { ClusterLine } from '../../otherClusters/ClusterLine';
import { Link } from '../../otherClusters/Link';
import { VOLUMES_ROUTE } from '../../routes';
import { Shown } from '../../setup/Shown';
import { Command } from '../../ui/Copyable';
import { alertIcon, stopIcon } from '../../ui/icons';
import { Message } from '../../ui/Message';
import { Notice } from '../../ui/Notice';
import { PageHeader } from '../../ui/PageHeader';
import { sentence } from '../../ui/sentence';
import { type Translate, useText } from '../../ui/text';
import { Warnings } from '../../ui/Warnings';
import { useBackLink } from '../../useBackLink';
import { useRunAddress } from '../../useRunAddress';
import { ConfirmButton } from '../ConfirmButton';
import { hintOf } from '../hint';
import { ComparisonFacts } from './ComparisonFacts';
import { isWriting } from './progress';
import { RestoreFacts } from './RestoreFacts';
import { RestoreProgress } from './RestoreProgress';
import { RestoreSteps } from './RestoreSteps';
import { restoreActivity } from './stepText';
import { type TargetState, targetStateOf } from './targetState';
import { Undo } from './Undo';

/** The route to the page of one restore. */
export function RestoreRunRoute() {
  const address = useRunAddress();
  return <RestorePage key={address.id} {...address} />;
}

interface RestorePageProps {
  cluster: string;
  id: string;
  /** Of the claim that is written to, where it is known. */
  namespace?: string;
}

/** The page of one restore. */
export function RestorePage({ cluster, id, namespace }: RestorePageProps) {
  const asked = useRestore(cluster, id, namespace);
  return (
    <Shown
      cluster={cluster}
      asked={asked}
      namespace={namespace}
      missing={<NoRestore cluster={cluster} />}
    >
      {restore => <One cluster={refOfRecord(cluster, restore)} restore={restore} />}
    </Shown>
  );
}

function One({ cluster, restore }: { cluster: string; restore: Restore }) {
  const { t } = useText();
  const box = useRef<HTMLDivElement>(null);
  const { target, undoOf, comparison } = restore;
  const volume = `${target.namespace}/${target.name}`;
  const isOver = isFinal(restore.status);
  const lack = useLack(cluster, targetOf(restore), isOver ? TO_RESTORE : TO_WRITE);
  return (
    <>
      <SectionBox
        backLink={useBackLink(cluster)}
        title={
          <PageHeader
            title={
              undoOf
                ? t('Undo of a restore into {{volume}}', { volume })
                : t('Restore into {{volume}}', { volume })
            }
            actions={[<Undo key="undo" cluster={cluster} restore={restore} />]}
          />
        }
      >
        <ClusterLine cluster={cluster} />
        <Box ref={box} tabIndex={-1} sx={{ outline: 'none' }}>
          <Stack spacing={2}>
            {!isFinal(restore.status) && (
              <RestoreProgress
                {...restore}
                activity={restoreActivity(restore, t)}
                isCopying={restore.status === 'running' && isWriting(restore)}
              >
                <Cancel
                  cluster={cluster}
                  restore={restore}
                  onCancelled={() => box.current?.focus()}
                />
              </RestoreProgress>
            )}
            <LackNote
              cluster={cluster}
              lacks={[!isOver || restore.safetyBackupId ? lack : undefined]}
            />
            <Outcome restore={restore} />
            <LastOutput backup={restore} />
            <RestoreFacts cluster={cluster} restore={restore} />
          </Stack>
        </Box>
      </SectionBox>
      {comparison && (
        <SectionBox title={t('Comparison')}>
          <ComparisonFacts comparison={comparison} />
        </SectionBox>
      )}
      <RestoreSteps steps={restore.steps} />
    </>
  );
}

/** The claim that is written to, and its cluster. */
const targetOf = ({ cluster, target }: Restore) => ({ ...target, cluster });

interface CancelProps {
  cluster: string;
  restore: Restore;
  onCancelled(): void;
}

function Cancel({ cluster, restore, onCancelled }: CancelProps) {
  const { t } = useText();
  const { id, target } = restore;
  const volume = `${target.namespace}/${target.name}`;
  return (
    <ConfirmButton
      cluster={cluster}
      icon={stopIcon}
      text={t('Cancel')}
      label={t('Cancel the restore into {{volume}}', { volume })}
      title={t('Cancel the restore into {{volume}}?', { volume })}
      no={t('Keep it running')}
      yes={t('Cancel the restore')}
      isDangerous
      why={lackText(useLack(cluster, targetOf(restore), TO_WRITE), t)}
      failure={t('The restore could not be cancelled')}
      act={async () => {
        const client = restoreClient(connectionTo(cluster));
        await client.cancel(id, { namespace: target.namespace });
        onCancelled();
      }}
    >
      <Typography>
        {target.mode === 'new'
          ? t('The new claim is deleted again. The backup is kept.')
          : t(
              'Files that have been written stay, and the backup is kept. If the claim then holds a part of the backup, workloads that were stopped for the restore stay stopped until you undo it or restore again.'
            )}
      </Typography>
    </ConfirmButton>
  );
}

function NoRestore({ cluster }: { cluster: string }) {
  const { t } = useText();
  return (
    <Notice
      icon={alertIcon}
      title={t('Restore not found')}
      text={t('It was deleted, or the link is for another cluster.')}
    >
      <Link routeName={VOLUMES_ROUTE.name} activeCluster={cluster}>
        {t('Volumes & Backups')}
      </Link>
    </Notice>
  );
}

/** The facts that a person needs first: whether the data is there, and if not, why, and the state of the claim. */
function Outcome({ restore }: { restore: Restore }) {
  const { t } = useText();
  const { status, stage, reason, message, hint, warnings, comparison } = restore;
  const advice = hint ? hintOf(hint) : undefined;
  return (
    <>
      {status === 'success' && (
        <Message severity="success">
          <AlertTitle>{t('The data is restored')}</AlertTitle>
          {comparison
            ? t('{{count}} entries were compared with the archive. None differs.', {
                count: comparison.entries,
              })
            : sentence(message)}
        </Message>
      )}
      {status === 'failed' && (
        <Message severity="error">
          <AlertTitle>
            {stage ? t('Failed at stage {{stage}}', { stage }) : t('Failed')}
            {reason && ` (${reason})`}
          </AlertTitle>
          <Typography variant="body2">{sentence(message)}</Typography>
          {advice && (
            <Typography variant="body2" sx={{ mt: 1 }}>
              <strong>{t('How to fix it')}</strong> {sentence(advice.text)}
            </Typography>
          )}
          {advice?.command && (
            <Box sx={{ mt: 1 }}>
              <Command text={advice.command} />
            </Box>
          )}
        </Message>
      )}
      {(status === 'failed' || status === 'cancelled') && <Target restore={restore} />}
      <Warnings of={warnings} />
    </>
  );
}

/** The state of the claim after a restore that did not succeed. */
function Target({ restore }: { restore: Restore }) {
  const { t } = useText();
  const { target, safetyBackupId } = restore;
  const state = targetStateOf(restore);
  const isBad = state === 'mixed' || state === 'incomplete';
  return (
    <Message severity={isBad ? 'warning' : 'info'}>
      {targetText(state, `${target.namespace}/${target.name}`, t)}
      {state === 'mixed' &&
        ` ${
          safetyBackupId
            ? t('Undo restores its previous contents.')
            : t('The previous contents were not backed up.')
        }`}
    </Message>
  );
}

function targetText(state: TargetState, volume: string, t: Translate): string {
  switch (state) {
    case 'untouched':
      return t('Nothing was written. Claim {{volume}} is as it was.', { volume });
    case 'not-created':
      return t('Nothing was written. Claim {{volume}} was not created.', { volume });
    case 'deleted':
      return t('The new claim {{volume}} was deleted again.', { volume });
    case 'incomplete':
      return t('Claim {{volume}} does not hold all of the data. Do not use it, and delete it.', {
        volume,
      });
    case 'mixed':
      return t(
        'Claim {{volume}} may contain a part of the backup in addition to its previous contents.',
        {
          volume,
        }
      );
  }
}
