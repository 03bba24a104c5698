import { Stack, Typography } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useState } from 'react';
import type { Backup, CopyRun, Destination } from '../../../sidecar/api';
import { lackText, TO_BACK_UP, useLack } from '../../access/useLack';
import { destinationClient } from '../../api/clients/destinationClient';
import { refresh } from '../../api/queries/queries';
import { connectionTo } from '../../api/session/connection';
import { useAction } from '../../destinations/useAction';
import { TroubleMessage } from '../../setup/TroubleMessage';
import { ActionButton } from '../../ui/buttons/ActionButton';
import { Choices } from '../../ui/fields/Choices';
import { copyIcon } from '../../ui/icons';
import { useText } from '../../ui/text';
import { TextDialog } from '../../ui/TextDialog';
import { DestinationTitle, useDestinationNote } from './DestinationTitle';

interface CopyToButtonProps {
  cluster: string;
  backup: Pick<Backup, 'id' | 'namespace' | 'name' | 'cluster'>;
  /** Where there is no copy. */
  targets: Destination[];
  onStarted(run: CopyRun): void;
}

/** Copies the archive of a backup to one more destination, after asking which. */
export function CopyToButton({ cluster, backup, targets, onStarted }: CopyToButtonProps) {
  const { t } = useText();
  const noteOf = useDestinationNote();
  const { enqueueSnackbar } = useSnackbar();
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState<string>();
  const { start, isBusy, trouble, reset } = useAction();
  const target = targets.find(({ name }) => name === chosen);
  const close = () => {
    setOpen(false);
    reset();
  };
  const copy = (destination: string) =>
    start(async signal => {
      const { id, namespace } = backup;
      const client = destinationClient(connectionTo(cluster));
      const { copy } = await client.copy(id, destination, { namespace, signal });
      setOpen(false);
      onStarted(copy);
      enqueueSnackbar(t('Copying to {{destination}}', { destination }), {
        variant: 'success',
      });
      await refresh(cluster);
    });
  return (
    <>
      <ActionButton
        icon={copyIcon}
        text={t('Copy to…')}
        why={lackText(useLack(cluster, backup, TO_BACK_UP), t)}
        onClick={() => setOpen(true)}
      />
      <TextDialog
        title={t('Copy the archive to another destination')}
        isOpen={isOpen}
        onClose={close}
        actions={
          <>
            <ActionButton variant="text" text={t('Cancel')} onClick={close} />
            <ActionButton
              variant="contained"
              text={t('Copy')}
              isInert={!target || isBusy}
              onClick={() => target && void copy(target.name)}
            />
          </>
        }
      >
        <Stack spacing={2}>
          <Typography>
            {t('NKVM reads a verified copy, writes it to the destination and verifies it there.')}
          </Typography>
          <Choices
            label={t('Destination')}
            isLabelHidden
            value={target?.name}
            onChoose={setChosen}
            choices={targets.map(destination => ({
              value: destination.name,
              title: <DestinationTitle destination={destination} />,
              text: noteOf(destination),
              isDisabled: destination.state === 'invalid',
            }))}
          />
          <TroubleMessage trouble={trouble} />
        </Stack>
      </TextDialog>
    </>
  );
}
