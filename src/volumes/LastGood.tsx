import { Icon } from '@iconify/react';
import { Box, Typography } from '@mui/material';
import type { BackupSummary, Volume } from '../../sidecar/api';
import { isFinal } from '../api/final';
import { stageText } from '../backups/run/stageText';
import { RunLink } from '../backups/RunLink';
import { Proven } from '../checks/Proven';
import { formatBytes } from '../ui/bytes';
import { oldIcon, successIcon, warnIcon } from '../ui/icons';
import { LOOKS, statusText } from '../ui/status';
import { statusColor } from '../ui/statusColor';
import { useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { isIncomplete, isOld } from './protection';
import type { Row } from './row';

/** The newest run that is proven, and below it the newest run where that is another one. */
export function LastGood({ cluster, volume, nowMs }: Row & { nowMs: number }) {
  const { t } = useText();
  const { lastBackup, lastSuccess, lastProvenRestore, backupsVisible, namespace } = volume;
  const isNewer = lastBackup && lastBackup.id !== lastSuccess?.id;
  return (
    <Box>
      {lastSuccess ? (
        <Good cluster={cluster} volume={volume} run={lastSuccess} nowMs={nowMs} />
      ) : (
        <Typography component="span" variant="body2" color="text.secondary">
          {backupsVisible ? t('Never') : t('No access')}
        </Typography>
      )}
      {lastProvenRestore && (
        <Box>
          <Proven cluster={cluster} namespace={namespace} proven={lastProvenRestore} isSmall />
        </Box>
      )}
      {isNewer && <Newest cluster={cluster} namespace={namespace} run={lastBackup} />}
    </Box>
  );
}

interface GoodProps {
  cluster: string;
  volume: Volume;
  run: BackupSummary;
  nowMs: number;
}

function Good({ cluster, volume, run, nowMs }: GoodProps) {
  const { t } = useText();
  const isTooOld = isOld(volume, nowMs);
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.75 }}>
      <Box
        role="img"
        aria-label={isTooOld ? t('Backup is old') : t('Succeeded')}
        sx={{ lineHeight: 0, color: statusColor(isTooOld ? 'warning' : 'success') }}
      >
        <Icon icon={isTooOld ? oldIcon : successIcon} width={18} />
      </Box>
      <span>
        <RunLink cluster={cluster} id={run.id} namespace={volume.namespace}>
          <Ago date={run.endedAt ?? run.createdAt} />
        </RunLink>
        {run.hasWarnings && ` · ${t('with warnings')}`}
      </span>
    </Box>
  );
}

/** The newest run, where that is not the last good one: how it ended, or what it does. */
export function Newest({
  cluster,
  namespace,
  run,
}: {
  cluster: string;
  namespace: string;
  run: BackupSummary;
}) {
  const { t, language } = useText();
  const { status, stage, bytes } = run;
  const isFailed = status === 'failed' && !isIncomplete(run);
  return (
    <Typography
      component="span"
      variant="caption"
      color="text.secondary"
      sx={{ display: 'flex', alignItems: 'center', gap: 0.5, flexWrap: 'wrap' }}
    >
      <Box
        component="span"
        aria-hidden
        sx={{ lineHeight: 0, ...(isFailed && { color: statusColor('error') }) }}
      >
        <Icon icon={isIncomplete(run) ? warnIcon : LOOKS[status].icon} width={14} />
      </Box>
      {isFinal(status) ? (
        <>
          {isIncomplete(run) ? t('Incomplete') : statusText(status, t)}{' '}
          <RunLink cluster={cluster} id={run.id} namespace={namespace}>
            <Ago date={run.endedAt ?? run.createdAt} />
          </RunLink>
        </>
      ) : (
        <span>
          {status === 'running' && stage ? stageText(stage, t) : statusText(status, t)}
          {bytes ? ` · ${formatBytes(bytes, language)}` : ''}
        </span>
      )}
    </Typography>
  );
}
