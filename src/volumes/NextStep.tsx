import {
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  Tooltip,
  Typography,
} from '@mui/material';
import { useState } from 'react';
import { BackUpButton } from '../backups/BackUpButton';
import { RunLink } from '../backups/RunLink';
import { Command } from '../ui/Copyable';
import { openIcon } from '../ui/icons';
import { sentence } from '../ui/sentence';
import { SmallButton } from '../ui/SmallButton';
import { type Translate, useText } from '../ui/text';
import { type NextStep as Step, nextStepOf } from './nextStep';
import { type Row, targetOf } from './row';

/** What sorting sees. */
export function nextStepText(step: Step, t: Translate): string {
  switch (step.kind) {
    case 'backUp':
      return t('Back up');
    case 'watch':
      return t('Watch');
    case 'openNamespace':
      return t('Open namespace');
    case 'solve':
      return sentence(step.hint);
  }
}

/** What a person can do about a volume: a button, a link, or what to know. */
export function NextStep({ cluster, volume }: Row) {
  const { t } = useText();
  const step = nextStepOf(volume);
  switch (step.kind) {
    case 'backUp':
      return <BackUpButton target={targetOf({ cluster, volume })} />;
    case 'watch':
      return (
        <RunLink cluster={cluster} id={step.id} namespace={volume.namespace}>
          {nextStepText(step, t)}
        </RunLink>
      );
    case 'openNamespace':
      return <OpenNamespace namespace={volume.namespace} command={step.command} why={step.why} />;
    case 'solve':
      return (
        <Tooltip title={step.why} describeChild>
          <Typography component="span" variant="body2" tabIndex={0}>
            {nextStepText(step, t)}
          </Typography>
        </Tooltip>
      );
  }
}

interface OpenNamespaceProps {
  namespace: string;
  command: string;
  why: string;
}

function OpenNamespace({ namespace, command, why }: OpenNamespaceProps) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const title = t('Open namespace {{namespace}} for backups', { namespace });
  const close = () => setOpen(false);
  return (
    <>
      <SmallButton
        icon={openIcon}
        text={t('Open namespace')}
        label={title}
        onClick={() => setOpen(true)}
      />
      <Dialog open={isOpen} onClose={close} maxWidth="sm" fullWidth aria-label={title}>
        <DialogTitle>{title}</DialogTitle>
        <DialogContent>
          <Typography gutterBottom>{why}</Typography>
          <Typography gutterBottom color="text.secondary">
            {t('An administrator of the cluster runs this once')}
          </Typography>
          <Command text={command} />
        </DialogContent>
        <DialogActions>
          <Button onClick={close}>{t('Close')}</Button>
        </DialogActions>
      </Dialog>
    </>
  );
}
