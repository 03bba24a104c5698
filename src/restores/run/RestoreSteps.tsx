import { Icon, type IconifyIcon } from '@iconify/react';
import { SectionBox, SimpleTable } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, type Theme } from '@mui/material';
import type { RestoreStep } from '../../../sidecar/api';
import {
  failedIcon,
  queuedIcon,
  runningIcon,
  skippedIcon,
  successIcon,
  undoIcon,
} from '../../ui/icons';
import { sentence } from '../../ui/sentence';
import { statusColor } from '../../ui/statusColor';
import { type Translate, useText } from '../../ui/text';
import { useIsNarrow } from '../../ui/useIsNarrow';
import { stepText } from './stepText';

type State = RestoreStep['state'];

/** The steps of a restore, and how each has ended. */
export function RestoreSteps({ steps }: { steps: RestoreStep[] }) {
  const { t } = useText();
  const isNarrow = useIsNarrow();
  const shown = steps.filter(({ state, message }) => state !== 'skipped' || message);
  const message = {
    label: t('Result'),
    gridTemplate: 'auto',
    getter: ({ message }: RestoreStep) => sentence(message),
  };
  return (
    <SectionBox title={t('Steps')}>
      <SimpleTable
        data={shown}
        emptyMessage={t('No step has begun yet.')}
        columns={[
          {
            label: t('Step'),
            gridTemplate: isNarrow ? 'auto' : 'max-content',
            getter: (step: RestoreStep) => (
              <>
                <StepName {...step} />
                {isNarrow && step.message && (
                  <Box sx={{ color: 'text.secondary', ml: '24px', overflowWrap: 'anywhere' }}>
                    {sentence(step.message)}
                  </Box>
                )}
              </>
            ),
          },
          {
            label: t('State'),
            gridTemplate: 'max-content',
            getter: ({ state }: RestoreStep) => stateText(state, t),
          },
          ...(isNarrow ? [] : [message]),
        ]}
      />
    </SectionBox>
  );
}

const ICONS: Record<State, IconifyIcon> = {
  waiting: queuedIcon,
  running: runningIcon,
  done: successIcon,
  skipped: skippedIcon,
  failed: failedIcon,
  undone: undoIcon,
};

const colorOf = (state: State): string | ((theme: Theme) => string) =>
  state === 'done'
    ? statusColor('success')
    : state === 'failed'
    ? statusColor('error')
    : 'text.secondary';

function stateText(state: State, t: Translate): string {
  switch (state) {
    case 'waiting':
      return t('Waiting');
    case 'running':
      return t('Running');
    case 'done':
      return t('Done');
    case 'skipped':
      return t('Not needed');
    case 'failed':
      return t('Failed');
    case 'undone':
      return t('Undone');
  }
}

function StepName({ step, state }: RestoreStep) {
  const { t } = useText();
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.75 }}>
      <Box aria-hidden sx={{ lineHeight: 0, color: colorOf(state) }}>
        <Icon icon={ICONS[state]} width={18} />
      </Box>
      {stepText(step, t)}
    </Box>
  );
}
