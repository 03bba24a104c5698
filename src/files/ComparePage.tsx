import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Button, MenuItem, Stack, TextField, Typography } from '@mui/material';
import { useHistory } from 'react-router-dom';
import type { ArchiveComparison, Backup } from '../../sidecar/api';
import { useComparison } from '../api/queries/archiveQueries';
import { useBackups } from '../api/queries/queries';
import { AddressedBackup } from '../backups/AddressedBackup';
import { hasArchive } from '../backups/copies/archiveState';
import { ClusterLine } from '../otherClusters/ClusterLine';
import { LoadOlder } from '../setup/LoadOlder';
import { Shown } from '../setup/Shown';
import { formatBytes } from '../ui/bytes';
import { Message } from '../ui/Message';
import { PageHeader } from '../ui/PageHeader';
import { useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';
import { useUrlParameters } from '../ui/useUrlParameters';
import { useBackLink } from '../useBackLink';
import { useCompareUrl } from './ArchiveLinks';
import { ChangesTable } from './ChangesTable';

/** The route to the comparison of two archives. */
export function CompareRoute() {
  return (
    <AddressedBackup>
      {(backup, cluster) => <Compare cluster={cluster} backup={backup} />}
    </AddressedBackup>
  );
}

/** What has changed in a volume between two of its backups. */
function Compare({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t } = useText();
  const history = useHistory();
  const url = useCompareUrl(cluster);
  const [parameters, change] = useUrlParameters();
  const { namespace, name } = backup;
  const runs = useBackups(cluster, { namespace, name });
  const archives = (runs.value ?? []).filter(hasArchive);
  // Run ids begin with the time.
  const older = archives.filter(({ id }) => id < backup.id);
  const chosen = parameters.get('with') ?? older[0]?.id;
  return (
    <SectionBox
      backLink={useBackLink(cluster)}
      title={<PageHeader title={t('Changes in {{volume}}', { volume: `${namespace}/${name}` })} />}
    >
      <ClusterLine cluster={cluster} />
      <Shown cluster={cluster} asked={runs} namespace={namespace} isPart>
        {() => (
          <Stack spacing={2}>
            <Stack direction="row" flexWrap="wrap" gap={1.5} alignItems="center">
              <Choice
                label={t('From the backup of')}
                value={chosen}
                backups={older}
                onChange={id => change({ with: id })}
              />
              <Choice
                label={t('To the backup of')}
                value={backup.id}
                backups={
                  archives.some(({ id }) => id === backup.id) ? archives : [backup, ...archives]
                }
                onChange={id => {
                  const next = archives.find(each => each.id === id);
                  // The older one stays, as long as it is the older one.
                  if (next) history.replace(url(next, chosen && chosen < id ? chosen : undefined));
                }}
              />
              {runs.loadOlder && (
                <Button size="small" onClick={() => void runs.loadOlder?.().catch(() => undefined)}>
                  {t('Show older backups')}
                </Button>
              )}
            </Stack>
            {chosen ? (
              <Changes cluster={cluster} backup={backup} older={chosen} />
            ) : (
              <Message severity="info">
                {t('There is no older backup of this volume to compare with.')}
              </Message>
            )}
          </Stack>
        )}
      </Shown>
    </SectionBox>
  );
}

interface ChoiceProps {
  label: string;
  value?: string;
  backups: Backup[];
  onChange(id: string): void;
}

function Choice({ label, value, backups, onChange }: ChoiceProps) {
  const { language } = useText();
  const formatDate = useFormatDate('medium');
  const isKnown = backups.some(({ id }) => id === value);
  return (
    <TextField
      select
      variant="outlined"
      size="small"
      label={label}
      value={value ?? ''}
      disabled={backups.length === 0}
      InputLabelProps={{ shrink: true }}
      onChange={event => onChange(event.target.value)}
      sx={{ minWidth: '16rem', mt: 0 }}
    >
      {value && !isKnown && <MenuItem value={value}>{value}</MenuItem>}
      {backups.map(({ id, createdAt, bytes }) => (
        <MenuItem key={id} value={id}>
          {[formatDate(createdAt), bytes === null ? '' : formatBytes(bytes, language)]
            .filter(Boolean)
            .join(' · ')}
        </MenuItem>
      ))}
    </TextField>
  );
}

function Changes({ cluster, backup, older }: { cluster: string; backup: Backup; older: string }) {
  const asked = useComparison(cluster, { id: backup.id, namespace: backup.namespace }, older);
  return (
    <Shown cluster={cluster} asked={asked} namespace={backup.namespace} isPart>
      {pages => (
        <Stack spacing={2}>
          {pages[0] && <Counts comparison={pages[0]} />}
          <ChangesTable
            cluster={cluster}
            backup={backup}
            older={older}
            changes={pages.flatMap(({ changes }) => changes)}
          />
          {asked.loadMore && <LoadOlder loadOlder={asked.loadMore} isOfRows />}
        </Stack>
      )}
    </Shown>
  );
}

function Counts({ comparison }: { comparison: ArchiveComparison }) {
  const { t, language } = useText();
  const counts = [
    [t('Added'), comparison.added],
    [t('Changed'), comparison.changed],
    [t('Removed'), comparison.removed],
    [t('Unchanged'), comparison.same],
  ] as const;
  return (
    <Box component="dl" sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 4, rowGap: 1, m: 0 }}>
      {counts.map(([name, count]) => (
        <Box key={name}>
          <Typography component="dt" variant="body2" color="text.secondary">
            {name}
          </Typography>
          <Typography component="dd" variant="h6" sx={{ m: 0, fontVariantNumeric: 'tabular-nums' }}>
            {count.toLocaleString(language)}
          </Typography>
        </Box>
      ))}
    </Box>
  );
}
