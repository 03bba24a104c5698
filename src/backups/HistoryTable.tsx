import { useTranslation } from '@kinvolk/headlamp-plugin/lib';
import { SimpleTable } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Button } from '@mui/material';
import type { Backup } from '../../sidecar/api';
import type { History } from '../api/queries';
import { Ago } from '../ui/Ago';
import { formatBytes } from '../ui/bytes';
import { RunBadge } from '../ui/status';
import { formatDuration } from '../ui/time';
import { useLanguage } from '../ui/useLanguage';
import { durationMs } from './durations';
import { RunLink } from './RunLink';

/** The runs of a volume, newest first. */
export function HistoryTable({ cluster, history }: { cluster: string; history: History }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <>
      <SimpleTable
        data={history.value ?? null}
        emptyMessage={t('This volume has never been backed up.')}
        columns={[
          {
            label: t('Started'),
            gridTemplate: 'min-content',
            cellProps: { sx: { whiteSpace: 'nowrap' } },
            getter: ({ id, namespace, createdAt }: Backup) => (
              <RunLink cluster={cluster} id={id} namespace={namespace}>
                <Ago date={createdAt} />
              </RunLink>
            ),
          },
          {
            label: t('Status'),
            gridTemplate: 'min-content',
            getter: ({ status }: Backup) => <RunBadge status={status} />,
          },
          {
            label: t('Size'),
            gridTemplate: 'min-content',
            cellProps: { sx: { whiteSpace: 'nowrap' } },
            getter: ({ bytes }: Backup) => (bytes === null ? '' : formatBytes(bytes, language)),
          },
          {
            label: t('Took'),
            gridTemplate: 'min-content',
            cellProps: { sx: { whiteSpace: 'nowrap' } },
            getter: (backup: Backup) => {
              const ms = durationMs(backup);
              return ms === undefined ? '' : formatDuration(ms, language);
            },
          },
          { label: t('Message'), gridTemplate: 'auto', getter: ({ message }: Backup) => message },
        ]}
      />
      {history.loadOlder && (
        <Box sx={{ mt: 1, textAlign: 'center' }}>
          <Button onClick={history.loadOlder}>{t('Show older runs')}</Button>
        </Box>
      )}
    </>
  );
}
