import { Icon } from '@iconify/react';
import { IconButton, Tooltip } from '@mui/material';
import { isFinal } from '../api/final';
import { useSidecar, useVolume } from '../api/queries';
import { backUpIcon } from '../ui/icons';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import type { Target } from './start';
import { useBackUp } from './useBackUp';

/** Back up, among the actions in the header of a claim's own page. Not there where no sidecar is. */
export function BackUpHeaderAction({ target }: { target: Target }) {
  const sidecar = useSidecar(target.cluster, target.namespace);
  return sidecar?.state === 'ready' ? <Action target={target} /> : null;
}

function Action({ target }: { target: Target }) {
  const { t } = useText();
  const { backUp, isBusy } = useBackUp();
  const { value: volume } = useVolume(target.cluster, target);
  const isUnderWay = !!volume?.lastBackup && !isFinal(volume.lastBackup.status);
  const { obstacle } = volume ?? {};
  const why = isUnderWay
    ? t('A backup is under way')
    : obstacle && `${obstacle.message}. ${sentence(obstacle.hint)}`;

  return (
    <Tooltip title={why || t('Back up')}>
      {/* A disabled button has no events, and so no tooltip. */}
      <span>
        <IconButton
          aria-label={t('Back up')}
          disabled={isBusy || !volume || !!why}
          onClick={() => backUp([target])}
        >
          <Icon icon={backUpIcon} />
        </IconButton>
      </span>
    </Tooltip>
  );
}
