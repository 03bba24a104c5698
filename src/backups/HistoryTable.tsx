import { SimpleTable } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Button } from '@mui/material';
import type { Backup } from '../../sidecar/api';
import { Ago } from '../ui/Ago';
import { formatBytes } from '../ui/bytes';
import { RunBadge } from '../ui/status';
import { useText } from '../ui/text';
import { formatDuration } from '../ui/time';
import { useIsNarrow } from '../ui/useIsNarrow';
import { durationMs } from './durations';
import { RunLink } from './RunLink';

interface HistoryTableProps {
  cluster: string;
  /** Newest first. */
  backups: Backup[];
  /** Undefined when there are none. */
  loadOlder?: () => void;
}

/** The runs of a volume that have ended. */
export function HistoryTable({ cluster, backups, loadOlder }: HistoryTableProps) {
  const { t, language } = useText();
  const isNarrow = useIsNarrow();
  const columns = [
    {
      label: t('Started'),
      gridTemplate: 'max-content',
      getter: ({ id, namespace, createdAt }: Backup) => (
        <RunLink cluster={cluster} id={id} namespace={namespace}>
          <Ago date={createdAt} />
        </RunLink>
      ),
    },
    {
      label: t('Status'),
      gridTemplate: 'max-content',
      getter: ({ status }: Backup) => <RunBadge status={status} />,
    },
    {
      label: t('Size'),
      gridTemplate: 'max-content',
      getter: ({ bytes }: Backup) => (bytes === null ? '' : formatBytes(bytes, language)),
    },
    {
      label: t('Took'),
      gridTemplate: 'max-content',
      getter: (backup: Backup) => {
        const ms = durationMs(backup);
        return ms === undefined ? '' : formatDuration(ms, language);
      },
    },
    { label: t('Message'), gridTemplate: 'auto', getter: ({ message }: Backup) => message },
  ];
  return (
    <>
      <SimpleTable
        data={backups}
        emptyMessage={t('This volume has never been backed up.')}
        columns={isNarrow ? columns.slice(0, 3) : columns}
      />
      {loadOlder && (
        <Box sx={{ mt: 1, textAlign: 'center' }}>
          <Button onClick={loadOlder}>{t('Show older runs')}</Button>
        </Box>
      )}
    </>
  );
}
