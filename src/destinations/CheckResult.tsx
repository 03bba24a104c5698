import { Icon } from '@iconify/react';
import { AlertTitle, Box, Stack, Typography } from '@mui/material';
import type { ReactNode } from 'react';
import type { CheckStep, DestinationCheck } from '../../sidecar/api';
import { failedIcon, skippedIcon, successIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { statusColor } from '../ui/statusColor';
import { useText } from '../ui/text';
import { formatShortDuration } from '../ui/time/time';
import { stepStateText, stepText } from './destinationText';
import { Problem } from './Problem';

interface CheckResultProps {
  check: DestinationCheck;
  /** What to do about a host key that nobody has confirmed yet. */
  children?: ReactNode;
}

/** What a test of a destination did, step by step, and where it ended. */
export function CheckResult({ check, children }: CheckResultProps) {
  const { t } = useText();
  const { passed, steps } = check;
  const failed = steps.find(({ state }) => state === 'failed');
  return (
    <Stack spacing={1.5} role="status">
      {passed && (
        <Message severity="success">
          <AlertTitle>{t('The test passed')}</AlertTitle>
          {t('A small file was written, read back and deleted.')}
        </Message>
      )}
      {failed?.problem ? (
        <Problem
          severity="error"
          title={t('The test failed at this step – {{step}}', { step: stepText(failed.step, t) })}
          problem={failed.problem}
        />
      ) : (
        !passed && <Message severity="error">{t('The test failed')}</Message>
      )}
      {children}
      <Box
        component="ol"
        aria-label={t('Steps of the test')}
        sx={{ listStyle: 'none', m: 0, p: 0, border: 1, borderColor: 'divider', borderRadius: 1 }}
      >
        {steps.map(step => (
          <Step key={step.step} step={step} />
        ))}
      </Box>
    </Stack>
  );
}

const LOOKS = {
  passed: { icon: successIcon, color: statusColor('success') },
  failed: { icon: failedIcon, color: statusColor('error') },
  skipped: { icon: skippedIcon, color: 'text.secondary' },
} as const;

function Step({ step: { step, state, durationMs, detail } }: { step: CheckStep }) {
  const { t, language } = useText();
  const { icon, color } = LOOKS[state];
  const isSkipped = state === 'skipped';
  return (
    <Box
      component="li"
      sx={{
        display: 'grid',
        gridTemplateColumns: { xs: '20px 1fr auto', md: '20px 14rem 1fr auto' },
        columnGap: 1.5,
        alignItems: 'center',
        px: 1.5,
        py: 0.75,
        '& + &': { borderTop: 1, borderColor: 'divider' },
      }}
    >
      <Box role="img" aria-label={stepStateText(state, t)} sx={{ lineHeight: 0, color }}>
        <Icon icon={icon} width={18} />
      </Box>
      <Typography variant="body2" color={isSkipped ? 'text.secondary' : undefined}>
        {stepText(step, t)}
      </Typography>
      <Typography
        variant="body2"
        color="text.secondary"
        sx={{
          overflowWrap: 'anywhere',
          gridColumn: { xs: '2 / -1', md: 'auto' },
          gridRow: { xs: 2, md: 'auto' },
        }}
      >
        {detail}
      </Typography>
      <Typography
        variant="body2"
        color="text.secondary"
        sx={{ whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }}
      >
        {isSkipped ? stepStateText(state, t) : formatShortDuration(durationMs, language)}
      </Typography>
    </Box>
  );
}
