import { Checkbox, FormControlLabel, Stack, Typography } from '@mui/material';
import { type ReactNode, useId } from 'react';
import { useVolume, useVolumes } from '../../api/queries/queries';
import { TroubleMessage } from '../../setup/TroubleMessage';
import { LinkButton } from '../../ui/buttons/LinkButton';
import { Choices } from '../../ui/fields/Choices';
import { Message } from '../../ui/Message';
import { type Translate, useText } from '../../ui/text';
import { useNamespacesAtHand } from '../../volumes/useNamespaces';
import { kindOf } from '../sources';
import { ClaimPicker } from './ClaimPicker';
import type { Mode, Where } from './draft';
import { intoOf } from './into';
import { IntoCluster } from './IntoCluster';
import { NewClaim } from './NewClaim';
import type { StepProps } from './stepProps';
import { UsedBy } from './UsedBy';

const NONE: string[] = [];

/** The second step: a new claim, the one that was backed up, or another one, and what is done with its files. */
export function WhereStep(props: StepProps) {
  const { t } = useText();
  const { cluster, draft, change } = props;
  const into = intoOf(cluster, draft);
  const [list] = useVolumes([into], useNamespacesAtHand(NONE));
  const volumes = list?.value ?? (list?.trouble && []);
  const { from, where } = draft;
  const isSame = into === cluster;
  const hasOriginal =
    isSame && kindOf(draft.backup) === 'backup' && !!from.namespace && !!from.name;
  const isUpload = kindOf(draft.backup) === 'upload';
  const original = `${from.namespace}/${from.name}`;
  return (
    <Stack spacing={2.5}>
      {!isUpload && <IntoCluster {...props} />}
      {list?.trouble && !isSame && <TroubleMessage trouble={list.trouble} />}
      <Choices<Where>
        label={t('Where do you want to restore to?')}
        value={where}
        onChoose={chosen =>
          // An upload stays in its namespace.
          change({
            where: chosen,
            target: { namespace: isUpload ? draft.target.namespace : '', name: '' },
          })
        }
        choices={[
          {
            value: 'new',
            title: t('A new claim'),
            text: t('It is created for this restore. Nothing that exists is changed.'),
            children: <NewClaim {...props} key={into} into={into} volumes={volumes} />,
          },
          {
            value: 'original',
            title: t('The original claim'),
            text: hasOriginal
              ? t('{{volume}}, from which the backup was taken.', { volume: original })
              : !isSame
              ? t('It is in the cluster of the backup.')
              : t(
                  'The archive does not belong to a backup in this cluster, so there is no original claim.'
                ),
            isDisabled: !hasOriginal,
            children: <Original {...props} />,
          },
          {
            value: 'existing',
            title: t('Another claim that exists'),
            text: t('Its files stay, are replaced or are deleted, as you choose.'),
            children: (
              <Stack spacing={2.5}>
                <ClaimPicker {...props} key={into} cluster={into} volumes={volumes ?? []} />
                <IntoExisting {...props} />
              </Stack>
            ),
          },
        ]}
      />
    </Stack>
  );
}

function Original(props: StepProps) {
  const { t } = useText();
  const { cluster, draft, change } = props;
  const { value: volume, trouble } = useVolume(cluster, draft.from);
  if (trouble?.kind === 'notFound') {
    return (
      <Message severity="info">
        {t('It no longer exists. Restore to a new claim, which can have the same name.')}{' '}
        <LinkButton onClick={() => change({ where: 'new', target: draft.from })}>
          {t('Create it again')}
        </LinkButton>
      </Message>
    );
  }
  return (
    <Stack spacing={2.5}>
      {volume && <UsedBy volume={volume} />}
      <IntoExisting {...props} />
    </Stack>
  );
}

function modeTexts(mode: Mode, t: Translate): { title: string; text: string } {
  switch (mode) {
    case 'empty':
      return {
        title: t('Only if it is empty'),
        text: t('A claim that holds any file is refused. Nothing can be overwritten.'),
      };
    case 'overwrite':
      return {
        title: t('Replace files'),
        text: t(
          'Files of the backup replace those with the same name. All other files stay as they are.'
        ),
      };
    case 'mirror':
      return {
        title: t('Match the backup exactly'),
        text: t(
          'Files of the backup replace those with the same name, and all other files are deleted. The plan shows how many.'
        ),
      };
  }
}

/** What is done with the files of a claim that exists, and with what uses it. */
function IntoExisting({ draft, change }: StepProps) {
  const { t } = useText();
  const modes: Mode[] = ['empty', 'overwrite', 'mirror'];
  return (
    <Stack spacing={2.5}>
      <Choices<Mode>
        label={t('What happens to the files in it?')}
        value={draft.mode}
        onChoose={mode => change({ mode })}
        choices={modes.map(value => ({ value, ...modeTexts(value, t) }))}
      />
      <Stack spacing={1}>
        <Option
          title={t('Stop the workload that uses it')}
          text={t(
            'It is scaled down before the restore and back up afterwards. Without this, a claim in use is refused.'
          )}
          isChecked={draft.scale}
          onChange={scale => change({ scale })}
        />
        <Option
          title={t('Back the claim up first')}
          text={t('Then the restore can be undone with one click.')}
          isChecked={draft.safetyBackup}
          onChange={safetyBackup => change({ safetyBackup })}
        />
      </Stack>
    </Stack>
  );
}

interface OptionProps {
  title: string;
  text: ReactNode;
  isChecked: boolean;
  onChange(isChecked: boolean): void;
}

function Option({ title, text, isChecked, onChange }: OptionProps) {
  const id = useId();
  return (
    <div>
      <FormControlLabel
        control={
          <Checkbox
            size="small"
            sx={{ py: 0.5 }}
            checked={isChecked}
            onChange={(_, checked) => onChange(checked)}
            inputProps={{ 'aria-describedby': id }}
          />
        }
        label={title}
      />
      <Typography id={id} variant="body2" color="text.secondary" sx={{ ml: '31px' }}>
        {text}
      </Typography>
    </div>
  );
}
