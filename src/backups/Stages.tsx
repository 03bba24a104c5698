import { Icon, type IconifyIcon } from '@iconify/react';
import { Utils } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox, SimpleTable } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, type Theme } from '@mui/material';
import type { Backup, StageTimes } from '../../sidecar/api';
import { cancelledIcon, failedIcon, runningIcon, skippedIcon, successIcon } from '../ui/icons';
import { statusColor } from '../ui/statusColor';
import { type Translate, useText } from '../ui/text';
import { formatDuration } from '../ui/time';
import { useIsNarrow } from '../ui/useIsNarrow';
import { durationMs } from './durations';
import { type StageState, stageStates } from './stageStates';
import { stageText } from './stageText';

type Row = StageTimes & { state: StageState };

/** The stages that a run has gone through, with their times. */
export function Stages({ backup }: { backup: Backup }) {
  const { t, language } = useText();
  const isNarrow = useIsNarrow();
  const states = stageStates(backup);
  const rows = backup.stages.map((times, index): Row => ({ ...times, state: states[index]! }));
  const started = {
    label: t('Started'),
    gridTemplate: 'auto',
    getter: ({ startedAt }: Row) => Utils.localeDate(startedAt),
  };
  return (
    <SectionBox title={t('Stages')}>
      <SimpleTable
        data={rows}
        emptyMessage={t('No stage has begun yet.')}
        columns={[
          {
            label: t('Stage'),
            gridTemplate: 'max-content',
            getter: (row: Row) => <StageName {...row} />,
          },
          {
            label: t('What it does'),
            gridTemplate: 'auto',
            getter: ({ stage }: Row) => stageText(stage, t),
          },
          ...(isNarrow ? [] : [started]),
          {
            label: t('Duration'),
            gridTemplate: 'max-content',
            getter: (row: Row) => {
              const ms = durationMs(row);
              return ms === undefined ? '' : formatDuration(ms, language);
            },
          },
        ]}
      />
    </SectionBox>
  );
}

const ICONS: Record<StageState, IconifyIcon> = {
  done: successIcon,
  running: runningIcon,
  failed: failedIcon,
  cancelled: cancelledIcon,
  abandoned: skippedIcon,
};

const colorOf = (state: StageState): string | ((theme: Theme) => string) =>
  state === 'done'
    ? statusColor('success')
    : state === 'failed'
    ? statusColor('error')
    : 'text.secondary';

function labelOf(state: StageState, t: Translate): string {
  switch (state) {
    case 'done':
      return t('Done');
    case 'running':
      return t('Running');
    case 'failed':
      return t('Failed');
    case 'cancelled':
      return t('Cancelled');
    case 'abandoned':
      return t('Not completed');
  }
}

function StageName({ stage, state }: Row) {
  const { t } = useText();
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.75 }}>
      <Box role="img" aria-label={labelOf(state, t)} sx={{ lineHeight: 0, color: colorOf(state) }}>
        <Icon icon={ICONS[state]} width={18} />
      </Box>
      {stage}
    </Box>
  );
}
