import { Autocomplete, Box, Chip, Stack, TextField, Typography } from '@mui/material';
import { useEffect, useRef, useState } from 'react';
import type { Backup } from '../../../sidecar/api';
import { useBackup, useBackups } from '../../api/queries/queries';
import { type RestorableVolume, useRestorableVolumes } from '../../api/queries/restoreQueries';
import { LoadOlder } from '../../setup/LoadOlder';
import { Shown } from '../../setup/Shown';
import { LinkButton } from '../../ui/buttons/LinkButton';
import { formatBytes } from '../../ui/bytes';
import { Choices } from '../../ui/fields/Choices';
import { Message } from '../../ui/Message';
import { sentence } from '../../ui/sentence';
import { useText } from '../../ui/text';
import { Ago } from '../../ui/time/Ago';
import { useNamespacesAtHand } from '../../volumes/useNamespaces';
import { isRestorable, kindOf } from '../sources';
import type { StepProps } from './stepProps';

/** Which backup: of which volume, and which of its backups. */
export function BackupChoice(props: StepProps) {
  const { t } = useText();
  const { draft, change } = props;
  const { from, backup } = draft;
  if (!from.namespace || !from.name) {
    // The backup of a link says of which volume it is.
    return backup && kindOf(backup) === 'backup' ? (
      <NamedBackup {...props} />
    ) : (
      <VolumeChoice {...props} />
    );
  }
  return (
    <Stack spacing={1.5}>
      <Stack direction="row" alignItems="center" flexWrap="wrap" columnGap={1.5}>
        <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
          {t('Backups of {{volume}}', { volume: `${from.namespace}/${from.name}` })}
        </Typography>
        <LinkButton
          onClick={() => change({ backup: '', paths: [], from: { namespace: '', name: '' } })}
        >
          {t('Choose another volume')}
        </LinkButton>
      </Stack>
      <BackupsOf {...props} />
    </Stack>
  );
}

/** While it is asked for, or where it cannot be had. */
function NamedBackup({ cluster, draft: { backup, from } }: StepProps) {
  const { t } = useText();
  const asked = useBackup(cluster, backup, from.namespace || undefined);
  return (
    <Shown
      cluster={cluster}
      asked={asked}
      isPart
      missing={<Message severity="warning">{t('Backup not found')}</Message>}
    >
      {() => null}
    </Shown>
  );
}

const NONE: string[] = [];

/** Volumes that have a backup, also those that are gone. */
function VolumeChoice({ cluster, change }: StepProps) {
  const { t } = useText();
  const asked = useRestorableVolumes(cluster, useNamespacesAtHand(NONE)(cluster));
  return (
    <Shown cluster={cluster} asked={asked} isPart>
      {volumes => (
        <Autocomplete<RestorableVolume>
          options={volumes}
          getOptionLabel={({ namespace, name }) => `${namespace}/${name}`}
          isOptionEqualToValue={(a, b) => a.namespace === b.namespace && a.name === b.name}
          value={null}
          onChange={(_, chosen) => {
            if (!chosen) return;
            const { namespace, name, newest } = chosen;
            change({ from: { namespace, name }, backup: newest });
          }}
          noOptionsText={t('No volume has a backup yet.')}
          renderInput={input => <TextField {...input} size="small" label={t('Volume')} />}
          sx={{ maxWidth: 480 }}
        />
      )}
    </Shown>
  );
}

const SHOWN = 5;

function BackupsOf({ cluster, draft: { from, backup }, change }: StepProps) {
  const { namespace, name } = from;
  const { t } = useText();
  const history = useBackups(cluster, from);
  const [isAll, setAll] = useState(false);
  // The newest is chosen where nothing else is, as for a volume that is chosen here.
  const newest = history.value?.find(isRestorable)?.id;
  const choose = useRef(change);
  choose.current = change;
  useEffect(() => {
    if (backup || !newest) return;
    choose.current(now =>
      !now.backup && now.from.namespace === namespace && now.from.name === name
        ? { backup: newest }
        : {}
    );
  }, [backup, newest, namespace, name]);
  return (
    <Shown cluster={cluster} asked={history} isPart namespace={from.namespace}>
      {runs => {
        const restorable = runs.filter(isRestorable);
        const shown = restorable.filter(({ id }, index) => isAll || index < SHOWN || id === backup);
        if (restorable.length === 0 && !history.loadOlder) {
          return (
            <Message severity="info">
              {t('This volume has no backup that can be restored.')}
            </Message>
          );
        }
        return (
          <Stack spacing={1}>
            {backup && !restorable.some(({ id }) => id === backup) && (
              <Unlisted cluster={cluster} id={backup} namespace={from.namespace} />
            )}
            <Choices
              label={t('Backup')}
              isLabelHidden
              value={backup}
              onChoose={id => change({ backup: id, paths: [] })}
              choices={shown.map(run => ({
                value: run.id,
                title: <BackupLine run={run} isNewest={run.id === newest} />,
              }))}
            />
            {shown.length < restorable.length ? (
              <Box>
                <LinkButton onClick={() => setAll(true)}>{t('Show older backups')}</LinkButton>
              </Box>
            ) : (
              history.loadOlder && <LoadOlder loadOlder={history.loadOlder} />
            )}
          </Stack>
        );
      }}
    </Shown>
  );
}

/** The chosen backup is an older one than those that are listed, or cannot be restored. */
function Unlisted({ cluster, id, namespace }: { cluster: string; id: string; namespace: string }) {
  const { t } = useText();
  const { value: run } = useBackup(cluster, id, namespace);
  if (!run) return null;
  if (isRestorable(run)) {
    return (
      <Stack direction="row" alignItems="center" gap={1}>
        <Chip size="small" label={t('Chosen')} />
        <BackupLine run={run} isNewest={false} />
      </Stack>
    );
  }
  return (
    <Message severity="warning">
      {run.status === 'success'
        ? t('The archive of this backup is no longer at its destination.')
        : `${t('This backup did not succeed, so there is nothing to restore.')} ${sentence(
            run.message
          )}`}
    </Message>
  );
}

function BackupLine({ run, isNewest }: { run: Backup; isNewest: boolean }) {
  const { t, language } = useText();
  const { createdAt, bytes, seal } = run;
  return (
    <Box
      component="span"
      sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'baseline', columnGap: 1.5 }}
    >
      <Ago date={createdAt} />
      <Typography component="span" variant="body2" color="text.secondary">
        {new Date(createdAt).toLocaleString(language)}
        {bytes !== null && ` · ${formatBytes(bytes, language)}`}
        {seal && ` · ${t('{{count}} entries', { count: seal.files })}`}
      </Typography>
      {isNewest && <Chip size="small" component="span" label={t('Newest')} />}
    </Box>
  );
}
