import { Stack, TextField, Typography } from '@mui/material';
import { useState } from 'react';
import type { ForeignArchives } from '../../../sidecar/api';
import { visible } from '../../../sidecar/api/visible.ts';
import { useArchives } from '../../api/queries/restoreQueries';
import { Shown } from '../../setup/Shown';
import { formatBytes } from '../../ui/bytes';
import { Choices } from '../../ui/fields/Choices';
import { Message } from '../../ui/Message';
import { useText } from '../../ui/text';
import { Ago } from '../../ui/time/Ago';
import { useNamespacesAtHand } from '../../volumes/useNamespaces';
import { archiveSource } from '../sources';
import type { StepProps } from './stepProps';

type Archive = ForeignArchives['archives'][number];

const SHOWN = 10;

const NONE: string[] = [];

/** Which of the archives at the destination that no backup of this cluster has. */
export function ArchiveChoice({ cluster, draft: { backup }, change }: StepProps) {
  const { t } = useText();
  const [atHand] = useNamespacesAtHand(NONE)(cluster);
  const asked = useArchives(cluster, true, atHand);
  const [search, setSearch] = useState('');
  return (
    <Shown cluster={cluster} asked={asked} isPart>
      {({ archives, isComplete }) => {
        if (archives.length === 0) {
          return (
            <Message severity="info">
              {t('The destination has no archives besides the backups above.')}
            </Message>
          );
        }
        const found = archives.filter(({ key }) =>
          key.toLowerCase().includes(search.toLowerCase())
        );
        const shown = found.filter(
          ({ key }, index) => index < SHOWN || archiveSource(key) === backup
        );
        return (
          <Stack spacing={1}>
            {archives.length > SHOWN && (
              <TextField
                size="small"
                type="search"
                label={t('Search by name')}
                value={search}
                onChange={event => setSearch(event.target.value)}
                sx={{ maxWidth: 480 }}
              />
            )}
            <Choices
              label={t('Archive')}
              isLabelHidden
              value={backup}
              choices={shown.map(archive => ({
                value: archiveSource(archive.key),
                title: visible(archive.key),
                text: <ArchiveLine archive={archive} />,
              }))}
              onChoose={chosen => {
                const archive = archives.find(({ key }) => archiveSource(key) === chosen);
                change({
                  backup: chosen,
                  paths: [],
                  from: { namespace: archive?.namespace ?? '', name: archive?.name ?? '' },
                });
              }}
            />
            {shown.length < found.length && (
              <Typography variant="body2" color="text.secondary">
                {t('{{count}} more. Search to narrow the list.', {
                  count: found.length - shown.length,
                })}
              </Typography>
            )}
            {!isComplete && (
              <Typography variant="body2" color="text.secondary">
                {t('There are more archives at the destination than can be listed.')}
              </Typography>
            )}
          </Stack>
        );
      }}
    </Shown>
  );
}

function ArchiveLine({ archive }: { archive: Archive }) {
  const { t, language } = useText();
  const { bytes, modifiedAt, hasManifest, cluster, namespace, name } = archive;
  return (
    <>
      <Ago date={modifiedAt} />
      {` · ${formatBytes(bytes, language)}`}
      {namespace &&
        name &&
        ` · ${t('{{volume}} in cluster {{cluster}}', {
          volume: `${namespace}/${name}`,
          cluster: cluster ?? '?',
        })}`}
      {!hasManifest && ` · ${t('no manifest')}`}
    </>
  );
}
