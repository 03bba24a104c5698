import { Icon } from '@iconify/react';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, IconButton, Tooltip, Typography } from '@mui/material';
import { Link as RouterLink, useLocation } from 'react-router-dom';
import type { Backup, FileVersions } from '../../sidecar/api';
import { visible } from '../../sidecar/api/visible.ts';
import { useVersions } from '../api/queries/archiveQueries';
import { AddressedBackup } from '../backups/AddressedBackup';
import { RunLink } from '../backups/RunLink';
import { ClusterLine } from '../otherClusters/ClusterLine';
import { useRestoreUrl } from '../restores/RestoreLink';
import { LoadOlder } from '../setup/LoadOlder';
import { Shown } from '../setup/Shown';
import { formatBytes } from '../ui/bytes';
import { browseIcon, downloadIcon, restoreIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { PageHeader } from '../ui/PageHeader';
import { type PlainColumn, PlainTable } from '../ui/PlainTable';
import { useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';
import { useIsNarrow } from '../ui/useIsNarrow';
import { useBackLink } from '../useBackLink';
import { useFilesUrl } from './ArchiveLinks';
import { useDownload } from './useDownload';
import { parentOf } from './view';

type Version = FileVersions['versions'][number];

/** The route to the versions of a file. */
export function VersionsRoute() {
  const path = new URLSearchParams(useLocation().search).get('path') ?? '';
  return (
    <AddressedBackup>
      {(backup, cluster) => <Versions cluster={cluster} backup={backup} path={path} />}
    </AddressedBackup>
  );
}

interface VersionsProps {
  cluster: string;
  backup: Backup;
  path: string;
}

/** One file in all archives of its volume. */
function Versions({ cluster, backup, path }: VersionsProps) {
  const { t } = useText();
  const { id, namespace } = backup;
  const asked = useVersions(cluster, { id, namespace }, path);
  return (
    <SectionBox
      backLink={useBackLink(cluster)}
      title={
        <PageHeader
          title={t('Versions of {{name}}', {
            name: visible(path.slice(parentOf(path).length).replace(/^\//, '')),
          })}
        />
      }
    >
      <ClusterLine cluster={cluster} />
      <Typography variant="body2" color="text.secondary" sx={{ mb: 2, overflowWrap: 'anywhere' }}>
        {`${backup.namespace}/${backup.name} · ${visible(path)}`}
      </Typography>
      <Shown cluster={cluster} asked={asked} namespace={namespace} isPart>
        {pages => {
          const versions = pages.flatMap(({ versions }) => versions);
          return versions.length > 0 ? (
            <VersionsTable cluster={cluster} backup={backup} path={path} versions={versions} />
          ) : (
            <Message severity="info">{t('No archive of this volume can be read.')}</Message>
          );
        }}
      </Shown>
      {asked.loadMore && <LoadOlder loadOlder={asked.loadMore} />}
    </SectionBox>
  );
}

function VersionsTable({
  cluster,
  backup: { namespace, name },
  path,
  versions,
}: VersionsProps & { versions: Version[] }) {
  const { t, language } = useText();
  const formatDate = useFormatDate('medium');
  const formatTime = useFormatDate();
  const isNarrow = useIsNarrow();
  const stateOf = ({ state, isSame }: Version): string => {
    switch (state) {
      case 'absent':
        return t('Not in this backup');
      case 'unknown':
        return t('The archive cannot be read');
      case 'present':
        return isSame ? t('Same as before') : t('Changed or new');
    }
  };
  const sizeOf = ({ file }: Version) => (file ? formatBytes(file.bytes, language) : '');
  const modified = ({ file }: Version) => (file?.modifiedAt ? formatTime(file.modifiedAt) : '');
  const columns: PlainColumn<Version>[] = [
    {
      id: 'backup',
      label: t('Backup of'),
      cell: version => (
        <>
          <RunLink cluster={cluster} id={version.backup} namespace={namespace}>
            {formatDate(version.createdAt)}
          </RunLink>
          {isNarrow && (
            <Typography component="div" variant="caption" color="text.secondary">
              {[stateOf(version), sizeOf(version), modified(version)].filter(Boolean).join(' · ')}
            </Typography>
          )}
        </>
      ),
    },
    {
      id: 'state',
      label: t('State'),
      cell: version => (
        <Typography
          component="span"
          variant="body2"
          color={version.state === 'present' && !version.isSame ? 'text.primary' : 'text.secondary'}
        >
          {stateOf(version)}
        </Typography>
      ),
    },
    { id: 'size', label: t('Size'), isTight: true, isRight: true, cell: sizeOf },
    { id: 'modified', label: t('Modified'), cell: modified },
    {
      id: 'actions',
      label: t('Actions'),
      isUnlabelled: true,
      isTight: true,
      cell: version =>
        version.state === 'present' && (
          <VersionActions
            cluster={cluster}
            volume={{ namespace, name }}
            path={path}
            version={version}
            when={formatDate(version.createdAt)}
          />
        ),
    },
  ];
  return (
    <PlainTable
      label={t('Versions')}
      columns={isNarrow ? columns.filter(({ id }) => id === 'backup' || id === 'actions') : columns}
      rows={versions}
      rowKey={version => version.backup}
    />
  );
}

interface VersionActionsProps {
  cluster: string;
  volume: { namespace: string; name: string };
  path: string;
  version: Version;
  /** Of the backup. */
  when: string;
}

function VersionActions({ cluster, volume, path, version, when }: VersionActionsProps) {
  const { t } = useText();
  const { download, isBusy } = useDownload(cluster);
  const restoreUrl = useRestoreUrl(cluster);
  const filesUrl = useFilesUrl(cluster);
  const archive = { id: version.backup, namespace: volume.namespace };
  return (
    <Box sx={{ my: -0.5 }}>
      <Tooltip title={t('Download this version')}>
        <IconButton
          size="small"
          aria-label={t('Download the version of {{date}}', { date: when })}
          aria-disabled={isBusy || undefined}
          onClick={() => void download(archive, [path])}
        >
          <Icon icon={downloadIcon} width={20} />
        </IconButton>
      </Tooltip>
      <Tooltip title={t('Restore this version…')}>
        <IconButton
          size="small"
          component={RouterLink}
          to={restoreUrl({ backup: version.backup, from: volume, paths: [path] })}
          aria-label={t('Restore the version of {{date}}…', { date: when })}
        >
          <Icon icon={restoreIcon} width={20} />
        </IconButton>
      </Tooltip>
      <Tooltip title={t('Show it in its folder')}>
        <IconButton
          size="small"
          component={RouterLink}
          to={filesUrl(archive, parentOf(path))}
          aria-label={t('Show the version of {{date}} in its folder', { date: when })}
        >
          <Icon icon={browseIcon} width={20} />
        </IconButton>
      </Tooltip>
    </Box>
  );
}
