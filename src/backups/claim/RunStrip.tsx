import { Paper } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { Link } from '../../otherClusters/Link';
import { NODE_ROUTE } from '../../routes';
import { formatBytes } from '../../ui/bytes';
import { Figures } from '../../ui/Figures';
import { useText } from '../../ui/text';
import { formatDuration } from '../../ui/time/time';
import { hasArchive } from '../copies/archiveState';
import { durationMs } from '../run/durations';

/** The four facts of a run that people look for first. */
export function RunStrip({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t, language } = useText();
  const { bytes, seal, helper, status } = backup;
  const tookMs = durationMs(backup);
  const node = helper?.node;
  return (
    <Paper variant="outlined" sx={{ p: 2, backgroundColor: 'transparent' }}>
      <Figures
        figures={[
          {
            label: hasArchive(backup) || status === 'success' ? t('Size') : t('Transferred'),
            value: bytes === null ? '–' : formatBytes(bytes, language),
          },
          {
            label: t('Files and folders'),
            value: seal ? seal.files.toLocaleString(language) : '–',
          },
          {
            label: t('Duration'),
            value: tookMs === undefined ? '–' : formatDuration(tookMs, language),
          },
          {
            label: t('Node'),
            value: node ? (
              <Link routeName={NODE_ROUTE} params={{ name: node }} activeCluster={cluster}>
                {node}
              </Link>
            ) : (
              '–'
            ),
          },
        ]}
      />
    </Paper>
  );
}
