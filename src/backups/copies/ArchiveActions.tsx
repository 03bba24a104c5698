import { Box } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { BrowseIconLink } from '../../files/ArchiveLinks';
import { RestoreIconLink } from '../../restores/RestoreLink';
import { useText } from '../../ui/text';
import { useFormatDate } from '../../ui/time/useFormatDate';
import { hasArchive } from './archiveState';

interface ArchiveActionsProps {
  cluster: string;
  backup: Backup;
  /** Why the person may not read it, and whom to ask; undefined: they may, or it is not known. */
  why: string | undefined;
}

/** What can be done with the archive of a run, in the row of a table; nothing where there is none. */
export function ArchiveActions({ cluster, backup, why }: ArchiveActionsProps) {
  const { t } = useText();
  const date = useFormatDate();
  if (!hasArchive(backup)) return null;
  const { id, namespace, name, createdAt } = backup;
  return (
    <Box sx={{ whiteSpace: 'nowrap' }}>
      <BrowseIconLink cluster={cluster} backup={backup} why={why} />
      <RestoreIconLink
        cluster={cluster}
        start={{ backup: id, from: { namespace, name } }}
        label={t('Restore the backup of {{date}}', { date: date(createdAt) })}
        why={why}
      />
    </Box>
  );
}
