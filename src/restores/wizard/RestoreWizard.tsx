import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Button, Stack, Step, StepButton, Stepper } from '@mui/material';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { useHistory, useLocation } from 'react-router-dom';
import { LackNote } from '../../access/LackNote';
import { TO_READ, useLack } from '../../access/useLack';
import { useBackup } from '../../api/queries/queries';
import { ClusterLine } from '../../otherClusters/ClusterLine';
import { useClusterRef } from '../../otherClusters/useClusterRef';
import { usePageUrl } from '../../otherClusters/usePageUrl';
import { RESTORE_ROUTE } from '../../routes';
import { PageHeader } from '../../ui/PageHeader';
import { type Translate, useText } from '../../ui/text';
import { useFocusOnChange } from '../../ui/useFocusOnChange';
import { useBackLink } from '../../useBackLink';
import { kindOf } from '../sources';
import { Buttons } from './Buttons';
import { draftOf, searchOf, type Step as StepName, STEPS } from './draft';
import { PlanStep } from './PlanStep';
import { problemsOf } from './problems';
import type { Change, StepProps } from './stepProps';
import { WhatStep } from './WhatStep';
import { WhereStep } from './WhereStep';

/** The route to the wizard. Its address contains all choices. */
export function RestoreRoute() {
  const cluster = useClusterRef();
  const { search } = useLocation();
  const history = useHistory();
  const pageUrl = usePageUrl();
  const draft = useMemo(() => draftOf(search), [search]);
  const latest = useRef(draft);
  latest.current = draft;
  const move = (change: Change, isStep: boolean) => {
    const differs = typeof change === 'function' ? change(latest.current) : change;
    latest.current = { ...latest.current, ...differs };
    const [, query = ''] = pageUrl(cluster, RESTORE_ROUTE, {}, searchOf(latest.current)).split('?');
    const to = { search: `?${query}` };
    if (isStep) history.push(to);
    else history.replace(to);
  };
  return (
    <RestoreWizard
      cluster={cluster}
      draft={draft}
      change={differs => move(differs, false)}
      go={step => move({ step }, true)}
    />
  );
}

interface RestoreWizardProps extends StepProps {
  go(step: StepName): void;
}

/** Restores an archive: what, where to, and, before anything changes, what will happen. */
export function RestoreWizard({ cluster, draft, change, go }: RestoreWizardProps) {
  const { t } = useText();
  const { from } = draft;
  const at = STEPS.indexOf(draft.step);
  const box = useFocusOnChange(draft.step);
  const canBe = (step: StepName) => {
    const before = STEPS[STEPS.indexOf(step) - 1];
    return !before || problemsOf(draft, before).length === 0;
  };
  const next = STEPS[at + 1];
  const previous = STEPS[at - 1];
  return (
    <SectionBox
      backLink={useBackLink(cluster)}
      title={
        <PageHeader
          title={
            from.namespace && from.name
              ? t('Restore {{volume}}', { volume: `${from.namespace}/${from.name}` })
              : t('Restore a volume')
          }
        />
      }
    >
      <ClusterLine cluster={cluster} />
      <Stack spacing={3} sx={{ maxWidth: 960 }}>
        <Stepper nonLinear activeStep={at} sx={{ maxWidth: 640 }}>
          {STEPS.map((step, index) => (
            <Step key={step} completed={index < at} sx={{ '&:first-of-type': { pl: 0 } }}>
              <StepButton disabled={!canBe(step)} onClick={() => index !== at && go(step)}>
                {stepText(step, t)}
              </StepButton>
            </Step>
          ))}
        </Stepper>
        {draft.backup && kindOf(draft.backup) === 'backup' && (
          <VolumeOfBackup cluster={cluster} draft={draft} change={change} />
        )}
        <Stack
          ref={box}
          tabIndex={-1}
          role="group"
          aria-label={stepText(draft.step, t)}
          spacing={3}
          sx={{ outline: 'none' }}
        >
          <CurrentStep
            cluster={cluster}
            draft={draft}
            change={change}
            back={
              previous && (
                <Button variant="outlined" onClick={() => go(previous)}>
                  {t('Back')}
                </Button>
              )
            }
          >
            {next && (
              <Button
                variant="contained"
                aria-disabled={!canBe(next) || undefined}
                onClick={() => canBe(next) && go(next)}
                sx={{ opacity: canBe(next) ? undefined : 0.5 }}
              >
                {next === 'plan' ? t('See what will happen') : t('Next')}
              </Button>
            )}
          </CurrentStep>
        </Stack>
      </Stack>
    </SectionBox>
  );
}

interface CurrentStepProps extends StepProps {
  /** The button that leads to the step before. */
  back: ReactNode;
  /** The button that leads on. */
  children: ReactNode;
}

function CurrentStep({ back, children, ...props }: CurrentStepProps) {
  if (props.draft.step === 'plan') return <PlanStep {...props} back={back} />;
  return (
    <>
      {props.draft.step === 'what' ? <WhatStep {...props} /> : <WhereStep {...props} />}
      <Buttons>
        {back}
        {children}
      </Buttons>
    </>
  );
}

function stepText(step: StepName, t: Translate): string {
  switch (step) {
    case 'what':
      return t('Contents');
    case 'where':
      return t('Where to');
    case 'plan':
      return t('Plan');
  }
}

const UNKNOWN = { namespace: '' };

/**
 * Corrects of which volume the backup is: a link may say nothing about it, or what is not so, and the original claim is
 * taken from it. Says at once when the person may not read the backup.
 */
function VolumeOfBackup({ cluster, draft: { backup, from }, change }: StepProps) {
  const { value } = useBackup(cluster, backup, from.namespace || undefined);
  const { namespace, name } = value ?? {};
  const isKnown = !value || (from.namespace === namespace && from.name === name);
  const correct = useRef(change);
  correct.current = change;
  useEffect(() => {
    if (isKnown || !namespace || !name) return;
    correct.current(now => (now.backup === backup ? { from: { namespace, name } } : {}));
  }, [isKnown, namespace, name, backup]);
  return <LackNote cluster={cluster} lacks={[useLack(cluster, value ?? UNKNOWN, TO_READ)]} />;
}
