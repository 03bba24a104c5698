import { Button, Stack, Typography } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useState } from 'react';
import type { PopulateChoice, VolumeRef } from '../../sidecar/api';
import { lackText, useOwnLack } from '../access/useLack';
import { toChange } from '../api/objects';
import { useBackups } from '../api/queries/queries';
import { hasArchive } from '../backups/copies/archiveState';
import { ActionButton } from '../ui/buttons/ActionButton';
import { formatBytes } from '../ui/bytes';
import { Choices } from '../ui/fields/Choices';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';
import { useFormatDate } from '../ui/time/useFormatDate';
import { startChange } from './choices';
import { NotChanged } from './NotChanged';
import { useChanges } from './useChanges';

interface DecideProps {
  cluster: string;
  claim: VolumeRef;
  /** Backups that NKVM has found, also where its history does not have them. */
  choices?: PopulateChoice[];
}

/** How a claim that waits for its restore goes on: a person decides. */
export function DecideButtons({ cluster, claim, choices }: DecideProps) {
  const { t } = useText();
  const [asking, setAsking] = useState<'empty' | 'restore'>();
  const volume = `${claim.namespace}/${claim.name}`;
  const close = () => setAsking(undefined);
  const lack = useOwnLack(cluster, toChange({ kind: 'PersistentVolumeClaim', ...claim }));
  const why = lackText(lack, t);
  return (
    <Stack direction="row" flexWrap="wrap" gap={1}>
      <ActionButton
        text={t('Restore a backup…')}
        label={t('Restore a backup into {{volume}}', { volume })}
        why={why}
        onClick={() => setAsking('restore')}
      />
      <ActionButton
        text={t('Start empty…')}
        label={t('Start empty – {{volume}}', { volume })}
        variant="text"
        why={why}
        onClick={() => setAsking('empty')}
      />
      {asking === 'empty' && <StartEmpty cluster={cluster} claim={claim} onClose={close} />}
      {asking === 'restore' && (
        <RestoreOne cluster={cluster} claim={claim} choices={choices} onClose={close} />
      )}
    </Stack>
  );
}

type DialogProps = DecideProps & { onClose(): void };

function StartEmpty({ cluster, claim, onClose }: DialogProps) {
  const { t } = useText();
  const volume = `${claim.namespace}/${claim.name}`;
  const { failed, isBusy, decide } = useDecision(cluster, claim, onClose);
  return (
    <TextDialog
      title={t('Start {{volume}} empty?', { volume })}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('Keep waiting')}</Button>
          <Button color="error" aria-disabled={isBusy || undefined} onClick={() => decide('empty')}>
            {t('Start empty')}
          </Button>
        </>
      }
    >
      <Stack spacing={2}>
        <Typography>
          {t('The claim is bound to an empty volume, and its pods start without data.')}
        </Typography>
        <Typography>
          {t(
            'Earlier backups of this name are kept, and retention never deletes them. You can restore them later into a new claim.'
          )}
        </Typography>
        <NotChanged failed={failed} />
      </Stack>
    </TextDialog>
  );
}

const NEWEST = 'newest';

function RestoreOne({ cluster, claim, choices = [], onClose }: DialogProps) {
  const { t, language } = useText();
  const formatDate = useFormatDate();
  const volume = `${claim.namespace}/${claim.name}`;
  const { value: runs, trouble } = useBackups(cluster, claim);
  const [chosen, setChosen] = useState(NEWEST);
  const { failed, isBusy, decide } = useDecision(cluster, claim, onClose);
  const archives = runs?.filter(hasArchive) ?? [];
  const found = choices.filter(
    ({ backup, allowed }) => allowed && !archives.some(({ id }) => id === backup)
  );
  return (
    <TextDialog
      title={t('Restore a backup into {{volume}}', { volume })}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('Keep waiting')}</Button>
          <Button
            variant="contained"
            aria-disabled={isBusy || undefined}
            onClick={() => decide(chosen)}
          >
            {t('Restore')}
          </Button>
        </>
      }
    >
      <Stack spacing={2}>
        <Choices
          label={t('Backup')}
          value={chosen}
          choices={[
            {
              value: NEWEST,
              title: t('The newest good backup'),
              text: t('NKVM still waits if it cannot determine which backup that is.'),
            },
            ...found.map(({ backup, createdAt, cluster: from }) => ({
              value: backup,
              title: formatDate(createdAt),
              text: `${from} · ${backup}`,
            })),
            ...archives.map(({ id, createdAt, bytes }) => ({
              value: id,
              title: formatDate(createdAt),
              text: bytes === null ? id : `${formatBytes(bytes, language)} · ${id}`,
            })),
          ]}
          onChoose={setChosen}
        />
        {trouble && (
          <Message severity="warning">{t('The backups of this name could not be listed.')}</Message>
        )}
        <Typography>
          {t(
            'NKVM restores this backup into a new volume, compares it with the archive, and binds the claim to it. Pods that use the claim start after that.'
          )}
        </Typography>
        <NotChanged failed={failed} />
      </Stack>
    </TextDialog>
  );
}

/** Writes the decision on the claim. */
function useDecision(cluster: string, { namespace, name }: VolumeRef, onClose: () => void) {
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const { change, isBusy, failed } = useChanges();
  return {
    isBusy,
    failed,
    async decide(start: string) {
      const target = { cluster, kind: 'PersistentVolumeClaim' as const, namespace, name };
      if (!(await change([target], startChange(start)))) return;
      enqueueSnackbar(t('The decision is saved. NKVM continues within a minute.'), {
        variant: 'success',
      });
      onClose();
    },
  };
}
