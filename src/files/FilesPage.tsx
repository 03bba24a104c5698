import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack, Typography } from '@mui/material';
import type { Backup } from '../../sidecar/api';
import { LackNote } from '../access/LackNote';
import { TO_READ, useLack } from '../access/useLack';
import { AddressedBackup } from '../backups/AddressedBackup';
import { hasArchive } from '../backups/copies/archiveState';
import { RunLink } from '../backups/RunLink';
import { ClusterLine } from '../otherClusters/ClusterLine';
import { RestoreButton } from '../restores/RestoreLink';
import { formatBytes } from '../ui/bytes';
import { Message } from '../ui/Message';
import { PageHeader } from '../ui/PageHeader';
import { useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';
import { useBackLink } from '../useBackLink';
import { CompareLink } from './ArchiveLinks';
import { DownloadArchiveButton } from './DownloadArchiveButton';
import { FileBrowser } from './FileBrowser';

/** The route to the files in the archive of a backup. */
export function FilesRoute() {
  return (
    <AddressedBackup>
      {(backup, cluster) => <Files cluster={cluster} backup={backup} />}
    </AddressedBackup>
  );
}

function Files({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t, language } = useText();
  const formatDate = useFormatDate('medium');
  const { id, namespace, name, bytes, createdAt } = backup;
  const volume = `${namespace}/${name}`;
  const lack = useLack(cluster, backup, TO_READ);
  return (
    <SectionBox
      backLink={useBackLink(cluster)}
      title={
        <PageHeader
          title={t('Files of {{volume}}', { volume })}
          actions={
            hasArchive(backup)
              ? [
                  <Stack key="actions" direction="row" flexWrap="wrap" gap={1}>
                    <RestoreButton
                      cluster={cluster}
                      start={{ backup: id, from: { namespace, name } }}
                      label={t('Restore… all of {{volume}}', { volume })}
                    />
                    <CompareLink cluster={cluster} backup={backup} />
                    <DownloadArchiveButton cluster={cluster} backup={backup} />
                  </Stack>,
                ]
              : undefined
          }
        />
      }
    >
      <ClusterLine cluster={cluster} />
      <Typography variant="body2" color="text.secondary" sx={{ mb: 2 }}>
        <RunLink cluster={cluster} id={id} namespace={namespace}>
          {t('Backup of {{date}}', { date: formatDate(createdAt) })}
        </RunLink>
        {bytes !== null && ` · ${formatBytes(bytes, language)}`}
        {backup.seal &&
          ` · ${t('{{number}} files and folders', {
            count: backup.seal.files,
            number: backup.seal.files.toLocaleString(language),
          })}`}
      </Typography>
      <LackNote cluster={cluster} lacks={[lack]} />
      {hasArchive(backup) ? (
        <FileBrowser cluster={cluster} backup={backup} />
      ) : (
        <Message severity="info">
          {backup.status === 'success'
            ? t('The archive of this backup no longer exists.')
            : t('This backup has not succeeded. There is no archive.')}
        </Message>
      )}
    </SectionBox>
  );
}
