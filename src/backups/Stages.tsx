import { Icon } from '@iconify/react';
import { Utils } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox, SimpleTable } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import type { Backup, StageTimes } from '../../sidecar/api';
import { failedIcon, runningIcon, successIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { formatDuration } from '../ui/time';
import { useIsNarrow } from '../ui/useIsNarrow';
import { durationMs } from './durations';
import { stageText } from './stageText';

/** The stages that a run has gone through, with their times. */
export function Stages({ backup }: { backup: Backup }) {
  const { t, language } = useText();
  const isNarrow = useIsNarrow();
  const started = {
    label: t('Started'),
    gridTemplate: 'auto',
    getter: ({ startedAt }: StageTimes) => Utils.localeDate(startedAt),
  };
  return (
    <SectionBox title={t('Stages')}>
      <SimpleTable
        data={backup.stages}
        emptyMessage={t('No stage has begun yet.')}
        columns={[
          {
            label: t('Stage'),
            gridTemplate: 'max-content',
            getter: (times: StageTimes) => <StageName backup={backup} times={times} />,
          },
          {
            label: t('Doing'),
            gridTemplate: 'auto',
            getter: ({ stage }: StageTimes) => stageText(stage, t),
          },
          ...(isNarrow ? [] : [started]),
          {
            label: t('Took'),
            gridTemplate: 'max-content',
            getter: (times: StageTimes) => {
              const ms = durationMs(times);
              return ms === undefined ? '' : formatDuration(ms, language);
            },
          },
        ]}
      />
    </SectionBox>
  );
}

function StageName({ backup, times: { stage, endedAt } }: { backup: Backup; times: StageTimes }) {
  const { t } = useText();
  const [icon, color, label] =
    backup.status === 'failed' && backup.stage === stage
      ? ([failedIcon, 'error.main', t('Failed')] as const)
      : endedAt
      ? ([successIcon, 'success.main', t('Done')] as const)
      : ([runningIcon, 'text.secondary', t('Running')] as const);
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.75 }}>
      <Box role="img" aria-label={label} sx={{ lineHeight: 0, color }}>
        <Icon icon={icon} width={18} />
      </Box>
      {stage}
    </Box>
  );
}
