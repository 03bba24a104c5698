import { Box } from '@mui/material';
import type { VolumePolicy } from '../../sidecar/api';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { Until } from '../ui/time/Until';
import { scheduleTitle } from './scheduleText';

/** Why a state is as it is fits into so many lines of a row; the volume's page has all of it. */
const MOST_LINES = 2;

/** Below the state of a volume in a list: why a person must act, or when the next backup is. */
export function PolicyLine({ policy }: { policy: VolumePolicy }) {
  const { t } = useText();
  const { state, reasons, populate, schedule, nextRunAt } = policy;
  const isFine = state === 'protected' || state === 'waiting';
  const why =
    populate?.message ?? (isFine || state === 'unprotected' ? undefined : reasons[0]?.message);
  return (
    <>
      {why && (
        <Box
          title={sentence(why)}
          sx={{
            display: '-webkit-box',
            WebkitBoxOrient: 'vertical',
            WebkitLineClamp: MOST_LINES,
            overflow: 'hidden',
          }}
        >
          {sentence(why)}
        </Box>
      )}
      {!populate && state !== 'invalid' && (
        <div>
          {schedule ? scheduleTitle(schedule, t) : t('No schedule')}
          {schedule && nextRunAt && !policy.suspended && (
            <>
              {' · '}
              {t('next')} <Until date={nextRunAt} />
            </>
          )}
        </div>
      )}
    </>
  );
}
