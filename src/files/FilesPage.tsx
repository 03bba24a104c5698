import { SectionBox, SectionHeader } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack, Typography } from '@mui/material';
import type { Backup } from '../../sidecar/api';
import { LackNote } from '../access/LackNote';
import { TO_READ, useLack } from '../access/useLack';
import { useBackup } from '../api/queries/queries';
import { refOfRecord } from '../api/session/recordRef';
import { hasArchive } from '../backups/copies/archiveState';
import { RunLink } from '../backups/RunLink';
import { ClusterLine } from '../otherClusters/ClusterLine';
import { Link } from '../otherClusters/Link';
import { RestoreButton } from '../restores/RestoreLink';
import { BACKUPS_ROUTE } from '../routes';
import { Shown } from '../setup/Shown';
import { formatBytes } from '../ui/bytes';
import { alertIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { useFormatDate } from '../ui/useFormatDate';
import { useBackLink } from '../useBackLink';
import { useRunAddress } from '../useRunAddress';
import { CompareLink } from './ArchiveLinks';
import { DownloadArchiveButton } from './DownloadArchiveButton';
import { FileBrowser } from './FileBrowser';

/** The route to what is in an archive. */
export function FilesRoute() {
  return <FilesPage {...useRunAddress()} />;
}

interface FilesPageProps {
  cluster: string;
  id: string;
  namespace?: string;
}

/** The files in the archive of a backup. */
export function FilesPage({ cluster, id, namespace }: FilesPageProps) {
  const asked = useBackup(cluster, id, namespace);
  return (
    <Shown
      cluster={cluster}
      asked={asked}
      namespace={namespace}
      missing={<NoBackup cluster={cluster} />}
    >
      {backup => <Files cluster={refOfRecord(cluster, backup)} backup={backup} />}
    </Shown>
  );
}

/** In place of what belongs to a backup that does not exist. */
export function NoBackup({ cluster }: { cluster: string }) {
  const { t } = useText();
  return (
    <Notice
      icon={alertIcon}
      title={t('Backup not found')}
      text={t('It was deleted, or the link is for another cluster.')}
    >
      <Link routeName={BACKUPS_ROUTE.name} activeCluster={cluster}>
        {t('Backups')}
      </Link>
    </Notice>
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
        <SectionHeader
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
