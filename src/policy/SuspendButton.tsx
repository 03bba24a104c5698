import { Stack } from '@mui/material';
import { lackText, useOwnLack } from '../access/useLack';
import { toChange } from '../api/objects';
import { ActionButton } from '../ui/buttons/ActionButton';
import { pausedIcon, resumeIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { suspendChange } from './choices';
import { NotChanged } from './NotChanged';
import { type Target, useChanges } from './useChanges';

interface SuspendButtonProps {
  target: Target;
  isSuspended: boolean;
}

/** Suspends a schedule, or lets it go on. */
export function SuspendButton({ target, isSuspended }: SuspendButtonProps) {
  const { t } = useText();
  const { change, isBusy, failed } = useChanges();
  const name = target.namespace ? `${target.namespace}/${target.name}` : target.name;
  return (
    <Stack spacing={1}>
      <span>
        <ActionButton
          icon={isSuspended ? resumeIcon : pausedIcon}
          text={isSuspended ? t('Resume') : t('Suspend')}
          label={
            isSuspended
              ? t('Resume the schedule of {{name}}', { name })
              : t('Suspend the schedule of {{name}}', { name })
          }
          isInert={isBusy}
          why={lackText(useOwnLack(target.cluster, toChange(target)), t)}
          onClick={() => void change([target], suspendChange(!isSuspended))}
        />
      </span>
      <NotChanged failed={failed} />
    </Stack>
  );
}
