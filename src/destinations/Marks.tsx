import { Chip, Stack } from '@mui/material';
import type { Destination, DestinationState } from '../../sidecar/api';
import {
  failedIcon,
  lockIcon,
  openIcon,
  pausedIcon,
  successIcon,
  unknownIcon,
  warnIcon,
} from '../ui/icons';
import { Badge } from '../ui/status';
import { statusColor } from '../ui/statusColor';
import { useText } from '../ui/text';
import { stateText } from './destinationText';

const LOOKS = {
  ready: { icon: successIcon, color: 'success' },
  unknown: { icon: unknownIcon, color: '' },
  failing: { icon: warnIcon, color: 'warning' },
  paused: { icon: pausedIcon, color: 'error' },
  invalid: { icon: failedIcon, color: 'error' },
} as const satisfies Record<DestinationState, object>;

/** How a destination stands. */
export function StateBadge({ state }: { state: DestinationState }) {
  const { t } = useText();
  return <Badge {...LOOKS[state]} text={stateText(state, t)} />;
}

type MarksProps = Pick<Destination, 'isDefault' | 'isRequired' | 'isInsecure' | 'encryption'>;

/** What is special about a destination, in a word each. */
export function Marks({ isDefault, isRequired, isInsecure, encryption }: MarksProps) {
  const { t } = useText();
  return (
    <Stack direction="row" flexWrap="wrap" alignItems="center" gap={0.75}>
      {isDefault && <Mark text={t('Default')} />}
      {!isRequired && <Mark text={t('Optional')} />}
      {encryption && (
        <Badge
          icon={encryption.isUnlocked ? openIcon : lockIcon}
          color=""
          text={encryption.isUnlocked ? t('Encrypted, unlocked') : t('Encrypted')}
        />
      )}
      {isInsecure && (
        <Badge icon={warnIcon} color="" iconColor={statusColor('warning')} text={t('Insecure')} />
      )}
    </Stack>
  );
}

const Mark = ({ text }: { text: string }) => (
  <Chip size="small" variant="outlined" label={text} sx={{ color: 'text.primary' }} />
);
