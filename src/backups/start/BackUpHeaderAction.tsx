import { Icon } from '@iconify/react';
import { IconButton, Tooltip } from '@mui/material';
import { useState } from 'react';
import type { Volume } from '../../../sidecar/api';
import { useVolume } from '../../api/queries/queries';
import { troubleText } from '../../setup/troubleText';
import { backUpIcon } from '../../ui/icons';
import { sentence } from '../../ui/sentence';
import { useText } from '../../ui/text';
import { TextDialog } from '../../ui/TextDialog';
import { nextStepOf } from '../run/nextStep';
import { useBackUp } from './BackUps';
import { Blocked, blockedTitle } from './Blocked';
import type { Target } from './start';

/** Back up, among the actions in the header of a claim's own page. It is absent where there is no sidecar. */
export function BackUpHeaderAction({ target }: { target: Target }) {
  const { t } = useText();
  const { value: volume, trouble } = useVolume(target.cluster, target);
  if (volume) return <Ready target={target} volume={volume} />;
  // The section below says more. Without any sign of a sidecar there is nothing to offer.
  if (!trouble || trouble.kind !== 'denied') return null;
  const { title, text } = troubleText(trouble, t);
  return <HeaderButton why={`${title}. ${text}`} />;
}

function Ready({ target, volume }: { target: Target; volume: Volume }) {
  const { t } = useText();
  const { backUp, isBusy } = useBackUp();
  const [isOpen, setOpen] = useState(false);
  const step = nextStepOf(volume);
  switch (step.kind) {
    case 'backUp':
      return <HeaderButton isBusy={isBusy(target)} onClick={() => void backUp([target])} />;
    case 'watch':
      return <HeaderButton why={t('A backup is already running')} />;
    case 'blocked':
      return (
        <>
          <HeaderButton why={`${sentence(step.message)}.`} onClick={() => setOpen(true)} />
          <TextDialog
            title={blockedTitle(step, target.namespace, t)}
            isOpen={isOpen}
            onClose={() => setOpen(false)}
          >
            <Blocked step={step} access={target} />
          </TextDialog>
        </>
      );
  }
}

interface HeaderButtonProps {
  /** Why a click does not start a backup. */
  why?: string;
  isBusy?: boolean;
  onClick?(): void;
}

function HeaderButton({ why, isBusy = false, onClick }: HeaderButtonProps) {
  const { t } = useText();
  const isInert = isBusy || !onClick;
  return (
    <Tooltip title={why ?? t('Back up')} describeChild={!!why} enterTouchDelay={0}>
      <IconButton
        aria-label={t('Back up')}
        // It keeps the focus, and its reason can be read with the keyboard.
        aria-disabled={isInert || undefined}
        onClick={isInert ? undefined : onClick}
        sx={{ opacity: why || isBusy ? 0.5 : undefined }}
      >
        <Icon icon={backUpIcon} />
      </IconButton>
    </Tooltip>
  );
}
