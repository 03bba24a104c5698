import { Icon, type IconifyIcon } from '@iconify/react';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, type Theme, Tooltip, Typography } from '@mui/material';
import type { Backup, StageTimes } from '../../../sidecar/api';
import { cancelledIcon, failedIcon, runningIcon, skippedIcon, successIcon } from '../../ui/icons';
import { statusColor } from '../../ui/statusColor';
import { type Translate, useText } from '../../ui/text';
import { formatShortDuration } from '../../ui/time/time';
import { useFormatDate } from '../../ui/time/useFormatDate';
import { durationMs } from './durations';
import { type StageState, stageStates } from './stageStates';
import { stageText } from './stageText';

type Step = StageTimes & { state: StageState };

/** The stages that a run has gone through: when each began, counted from the first, and how long it took. */
export function Stages({ backup }: { backup: Backup }) {
  const { t } = useText();
  const states = stageStates(backup);
  const steps = backup.stages.map((times, index): Step => ({ ...times, state: states[index]! }));
  return (
    <SectionBox title={t('Stages')}>
      {steps.length === 0 ? (
        <Typography color="text.secondary">{t('No stage has begun yet.')}</Typography>
      ) : (
        <>
          <Share steps={steps} />
          <Box
            component="ol"
            sx={{
              listStyle: 'none',
              m: 0,
              p: 0,
              maxWidth: 720,
              fontVariantNumeric: 'tabular-nums',
            }}
          >
            {steps.map((step, index) => (
              <StageLine
                key={`${step.stage}/${step.startedAt}/${index}`}
                step={step}
                sinceMs={Date.parse(step.startedAt) - Date.parse(steps[0]!.startedAt)}
              />
            ))}
          </Box>
        </>
      )}
    </SectionBox>
  );
}

function StageLine({ step, sinceMs }: { step: Step; sinceMs: number }) {
  const { t, language } = useText();
  const date = useFormatDate('medium');
  const { stage, state, startedAt } = step;
  const ms = durationMs(step);
  return (
    <Box
      component="li"
      sx={{
        display: 'grid',
        gridTemplateColumns: '18px minmax(0, 1fr) max-content max-content',
        columnGap: 1.5,
        alignItems: 'baseline',
        py: 0.75,
      }}
    >
      <Box
        role="img"
        aria-label={labelOf(state, t)}
        sx={{ lineHeight: 0, color: colorOf(state), alignSelf: 'center' }}
      >
        <Icon icon={ICONS[state]} width={18} />
      </Box>
      <Typography component="span" variant="body2">
        {stageText(stage, t)}{' '}
        <Typography component="span" variant="caption" color="text.secondary">
          {stage}
        </Typography>
      </Typography>
      <Tooltip title={date(startedAt)} describeChild>
        <Typography component="span" variant="caption" color="text.secondary">
          {sinceMs > 0 && `+${formatShortDuration(sinceMs, language)}`}
        </Typography>
      </Tooltip>
      <Typography component="span" variant="body2" sx={{ minWidth: '4.5rem', textAlign: 'right' }}>
        {ms !== undefined && formatShortDuration(ms, language)}
      </Typography>
    </Box>
  );
}

/** How the time was divided between the stages. The list below says the same in words. */
function Share({ steps }: { steps: Step[] }) {
  const parts = steps.map(step => ({ step, ms: durationMs(step) ?? 0 }));
  if (parts.every(({ ms }) => ms === 0)) return null;
  return (
    <Box aria-hidden sx={{ display: 'flex', gap: '2px', height: 8, maxWidth: 720, mb: 1.5 }}>
      {parts.map(({ step, ms }, index) => (
        <Box
          key={`${step.stage}/${index}`}
          sx={{
            flexGrow: ms,
            minWidth: '3px',
            borderRadius: 1,
            backgroundColor:
              step.state === 'failed'
                ? statusColor('error')
                : step.stage === 'copy'
                ? 'primary.main'
                : 'divider',
          }}
        />
      ))}
    </Box>
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
