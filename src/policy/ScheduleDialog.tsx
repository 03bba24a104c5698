import { Button, Stack, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useSnackbar } from 'notistack';
import { useState } from 'react';
import { BACKUP_LABEL, SCHEDULE_ANNOTATION } from '../../sidecar/api/names.ts';
import { clusterKey, queries } from '../api/cache';
import { readMetadata } from '../api/objects';
import { Choices } from '../ui/fields/Choices';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';
import {
  choiceOf,
  choiceText,
  choiceTitle,
  labelChange,
  SCHEDULE_CHOICES,
  type ScheduleChoice,
} from './choices';
import { type Manager, managerOf } from './manager';
import { NotChanged } from './NotChanged';
import { type Target, useChanges } from './useChanges';

/** A claim or a namespace whose label is chosen. */
export interface ScheduleTarget extends Target {
  /** The StatefulSet that uses the claim, where one does. */
  usedBy?: string;
}

interface ScheduleDialogProps {
  targets: ScheduleTarget[];
  isOpen: boolean;
  onClose(): void;
  onDone?(): void;
}

/** Chooses how often volumes are backed up: the label `backup`, written with the rights of the person. */
export function ScheduleDialog(props: ScheduleDialogProps) {
  const { t } = useText();
  const { targets, isOpen, onClose } = props;
  const [first] = targets;
  const isNamespace = first?.kind === 'Namespace';
  const title =
    targets.length === 1 && first
      ? isNamespace
        ? t('Schedule of namespace {{name}}', { name: first.name })
        : t('Schedule of {{volume}}', { volume: `${first.namespace}/${first.name}` })
      : t('Schedule of {{count}} volumes', { count: targets.length });
  return isOpen ? (
    <Open {...props} title={title} isNamespace={isNamespace} onClose={onClose} />
  ) : null;
}

function Open({
  targets,
  title,
  isNamespace,
  onClose,
  onDone,
}: ScheduleDialogProps & { title: string; isNamespace: boolean }) {
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const known = useKnown(targets);
  const [chosen, setChosen] = useState<ScheduleChoice>();
  const { change, isBusy, failed } = useChanges();
  const value = chosen ?? known?.choice;

  async function save() {
    if (!value || isBusy) return;
    if (!(await change(targets, labelChange(value)))) return;
    enqueueSnackbar(
      t('The label backup of {{count}} objects was changed.', { count: targets.length }),
      { variant: 'success' }
    );
    onClose();
    onDone?.();
  }

  return (
    <TextDialog
      title={title}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button
            variant="contained"
            aria-disabled={isBusy || !chosen || undefined}
            onClick={chosen ? () => void save() : undefined}
            sx={{ opacity: isBusy || !chosen ? 0.5 : undefined }}
          >
            {isBusy ? t('Saving…') : t('Save')}
          </Button>
        </>
      }
    >
      <Stack spacing={2}>
        <Choices<ScheduleChoice>
          label={title}
          isLabelHidden
          value={value}
          choices={SCHEDULE_CHOICES.map(choice => ({
            value: choice,
            title: choiceTitle(choice, t),
            text: choiceText(choice, isNamespace, t),
          }))}
          onChoose={setChosen}
        />
        {known?.annotation && (
          <Message severity="info">
            {t('The annotation {{name}} is set to “{{value}}”. It overrides the label.', {
              name: SCHEDULE_ANNOTATION,
              value: known.annotation,
            })}
          </Message>
        )}
        {known?.managers.map(manager => (
          <ManagerWarning key={`${manager.kind}/${manager.name}`} manager={manager} />
        ))}
        <NotChanged failed={failed} />
        <Typography variant="body2" color="text.secondary">
          {t('Headlamp writes the label with your own permissions.')}
        </Typography>
      </Stack>
    </TextDialog>
  );
}

/** A change here would be undone, or would not be there in a new claim. */
function ManagerWarning({ manager: { kind, name } }: { manager: Manager }) {
  const { t } = useText();
  return (
    <Message severity="warning">
      {kind === 'tool'
        ? t(
            '{{name}} manages this object and may remove the label again. Set the label in its manifest as well.',
            { name }
          )
        : t(
            'StatefulSet {{name}} created this claim. A claim that it creates later does not have the label. Set it in volumeClaimTemplates as well.',
            { name }
          )}
    </Message>
  );
}

/** More objects are not read before they are written. */
const MOST_READ = 20;

/** What the objects have now. undefined: not read yet, or reading them is not allowed. */
function useKnown(targets: ScheduleTarget[]) {
  const [first] = targets;
  const { data } = useQuery(
    {
      queryKey: [
        ...clusterKey(first?.cluster ?? ''),
        'labels',
        ...targets.map(({ cluster, namespace, name }) => `${cluster}/${namespace}/${name}`),
      ],
      queryFn: async () => {
        const read = await Promise.all(
          targets.slice(0, MOST_READ).map(async target => ({
            ...(await readMetadata(target.cluster, target)),
            target,
          }))
        );
        const labels = new Set(read.map(({ labels }) => labels?.[BACKUP_LABEL]));
        const managers = new Map<string, Manager>();
        for (const { target, ...metadata } of read) {
          const manager = managerOf({ ...metadata, name: target.name }, target.usedBy);
          if (manager) managers.set(`${manager.kind}/${manager.name}`, manager);
        }
        return {
          choice: labels.size === 1 ? choiceOf([...labels][0]) : undefined,
          annotation: read.find(({ annotations }) => annotations?.[SCHEDULE_ANNOTATION])
            ?.annotations?.[SCHEDULE_ANNOTATION],
          managers: [...managers.values()],
        };
      },
      enabled: targets.length > 0,
      gcTime: 0,
    },
    queries
  );
  return data;
}
