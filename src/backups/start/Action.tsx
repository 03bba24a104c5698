import { Box } from '@mui/material';
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import type { Volume } from '../../../sidecar/api';
import { SmallButton } from '../../ui/buttons/SmallButton';
import { openIcon, whyNotIcon } from '../../ui/icons';
import { sentence } from '../../ui/sentence';
import { type Translate, useText } from '../../ui/text';
import { TextDialog } from '../../ui/TextDialog';
import { reasonText } from '../reasonText';
import { type NextStep, nextStepOf } from '../run/nextStep';
import { RunLink } from '../RunLink';
import { BackUpButton } from './BackUpButton';
import { useBackUp } from './BackUps';
import { Blocked, type BlockedStep, blockedTitle } from './Blocked';
import type { Target } from './start';

/** What a button or link says. @param beside what the text next to it says already. */
export function actionText(step: NextStep, t: Translate, beside?: string): string {
  switch (step.kind) {
    case 'backUp':
      return t('Back up');
    case 'watch':
      return t('Watch');
    case 'blocked': {
      if (step.reason === 'NamespaceNotOpen') return t('Allow backups…');
      const text = reasonText(step.reason, t);
      return text === beside ? t('How to fix it') : text;
    }
  }
}

interface ActionProps {
  cluster: string;
  volume: Volume;
  /** In a table with many columns. */
  isCompact?: boolean;
  /** What the text next to it says already. */
  beside?: string;
}

/** What a person can do about a volume: a button, a link, or what is in the way. */
export function Action({ cluster, volume, isCompact, beside }: ActionProps) {
  const { isBusy } = useBackUp();
  const { namespace, name } = volume;
  const target: Target = { cluster, namespace, name };
  const next = nextStepOf(volume);
  // A button that was clicked just now stays for the second click of a double click.
  const step: NextStep = isBusy(target) ? { kind: 'backUp' } : next;
  return (
    <KeepsFocus key={`${cluster}/${volume.uid}`} as={step.kind}>
      <Step target={target} step={step} isCompact={isCompact} beside={beside} />
    </KeepsFocus>
  );
}

/** Where the focus is on something that is replaced, it goes to what replaces it. @param as what it is now. */
function KeepsFocus({ as, children }: { as: string; children: ReactNode }) {
  const box = useRef<HTMLElement>(null);
  const hadFocus = useRef(false);
  // Before the change: afterwards the focus is on the page's body.
  hadFocus.current = !!box.current?.contains(document.activeElement);
  useLayoutEffect(() => {
    const isLost = !box.current?.contains(document.activeElement);
    if (hadFocus.current && isLost) box.current?.querySelector<HTMLElement>('a, button')?.focus();
  }, [as]);
  return (
    <Box component="span" ref={box}>
      {children}
    </Box>
  );
}

interface StepProps<S> {
  target: Target;
  step: S;
  isCompact?: boolean;
  beside?: string;
}

function Step({ target, step, isCompact, beside }: StepProps<NextStep>) {
  const { t } = useText();
  switch (step.kind) {
    case 'backUp':
      return <BackUpButton target={target} isCompact={isCompact} />;
    case 'watch':
      return (
        <RunLink cluster={target.cluster} id={step.id} namespace={target.namespace}>
          {t('Watch')}
        </RunLink>
      );
    case 'blocked':
      return <WhyNot target={target} step={step} isCompact={isCompact} beside={beside} />;
  }
}

function WhyNot({ target, step, isCompact, beside }: StepProps<BlockedStep>) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const isClosedNamespace = step.reason === 'NamespaceNotOpen';
  const title = blockedTitle(step, target.namespace, t);
  const text = actionText(step, t, beside);
  return (
    <>
      <SmallButton
        icon={isClosedNamespace ? openIcon : whyNotIcon}
        variant={isClosedNamespace ? 'outlined' : 'text'}
        text={text}
        label={
          isClosedNamespace
            ? title
            : // Begins with what is on the button, for those who speak to their browser.
              [
                text,
                t('Why {{volume}} cannot be backed up', {
                  volume: `${target.namespace}/${target.name}`,
                }),
              ].join('. ')
        }
        isCompact={isCompact}
        hint={`${sentence(step.message)}.`}
        onClick={() => setOpen(true)}
      />
      <TextDialog title={title} isOpen={isOpen} onClose={() => setOpen(false)}>
        <Blocked step={step} access={target} />
      </TextDialog>
    </>
  );
}
