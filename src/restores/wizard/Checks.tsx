import { Icon, type IconifyIcon } from '@iconify/react';
import { Box, type Theme, Typography } from '@mui/material';
import type { PlanCheck } from '../../../sidecar/api';
import { Command } from '../../ui/Copyable';
import { failedIcon, laterIcon, successIcon, warnIcon } from '../../ui/icons';
import { sentence } from '../../ui/sentence';
import { statusColor } from '../../ui/statusColor';
import { type Translate, useText } from '../../ui/text';
import { hintOf } from '../hint';

type State = PlanCheck['state'];

/** What has to be seen first comes first. */
const ORDER: State[] = ['fails', 'warns', 'passes', 'later'];

const LOOKS: Record<State, { icon: IconifyIcon; color: string | ((theme: Theme) => string) }> = {
  fails: { icon: failedIcon, color: statusColor('error') },
  warns: { icon: warnIcon, color: statusColor('warning') },
  passes: { icon: successIcon, color: statusColor('success') },
  later: { icon: laterIcon, color: 'text.secondary' },
};

function stateText(state: State, t: Translate): string {
  switch (state) {
    case 'fails':
      return t('Fails');
    case 'warns':
      return t('Warning');
    case 'passes':
      return t('Passes');
    case 'later':
      return t('Checked during the restore');
  }
}

/** The conditions of a restore: which hold, and what to do about those that do not. */
export function Checks({ checks }: { checks: PlanCheck[] }) {
  const { t } = useText();
  const sorted = ORDER.flatMap(state => checks.filter(check => check.state === state));
  return (
    <section>
      <Typography component="h3" variant="subtitle1" gutterBottom>
        {t('Checks')}
      </Typography>
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
        {sorted.map(check => (
          <OneCheck key={`${check.name} ${check.message}`} check={check} />
        ))}
      </Box>
    </section>
  );
}

function OneCheck({ check: { state, message, hint } }: { check: PlanCheck }) {
  const { t } = useText();
  const { icon, color } = LOOKS[state];
  const advice = hint ? hintOf(hint) : undefined;
  return (
    <Box component="li" sx={{ display: 'flex', gap: 1, py: 0.5 }}>
      <Box
        role="img"
        aria-label={stateText(state, t)}
        sx={{ lineHeight: 0, color, pt: '1px', flexShrink: 0 }}
      >
        <Icon icon={icon} width={18} />
      </Box>
      <Box sx={{ minWidth: 0, flexGrow: 1, overflowWrap: 'anywhere' }}>
        <Typography variant="body2" fontWeight={state === 'fails' ? 500 : undefined}>
          {sentence(message)}
          {state === 'later' && (
            <Typography component="span" variant="body2" color="text.secondary">
              {` (${t('checked during the restore')})`}
            </Typography>
          )}
        </Typography>
        {advice?.text && (
          <Typography variant="body2" color="text.secondary">
            {sentence(advice.text)}
          </Typography>
        )}
        {advice?.command && (
          <Box sx={{ mt: 0.5 }}>
            <Command text={advice.command} />
          </Box>
        )}
      </Box>
    </Box>
  );
}
