import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Button, Stack, Step, StepButton, Stepper, TextField } from '@mui/material';
import { useEffect, useMemo, useRef, useState } from 'react';
import { DESTINATION_KINDS } from '../../sidecar/api/names.ts';
import { useDestinations } from '../api/queries/destinationQueries';
import { mayWriteSecrets } from '../api/session/secrets';
import { DESTINATIONS_ROUTE } from '../routes';
import { Choices } from '../ui/fields/Choices';
import { Message } from '../ui/Message';
import { PageHeader } from '../ui/PageHeader';
import { type Translate, useText } from '../ui/text';
import { useBackLink } from '../useBackLink';
import { useNamespacesAtHand, useSelectedNamespaces } from '../volumes/useNamespaces';
import { kindAdvice, kindName } from './destinationText';
import { EncryptionFields } from './EncryptionFields';
import { problemText } from './fieldText';
import { emptyForm, type Form, problemsOf } from './form';
import { Purpose } from './Purpose';
import { SaveStep } from './SaveStep';
import { noRightText } from './SecretProblem';
import { Grid, SettingsFields } from './SettingsFields';
import { isDone, type Step as StepName, stepsOf } from './steps';

/** The route to the wizard. What is typed lives in its memory only: nothing is in the address, or kept by the browser. */
export function WizardRoute() {
  const cluster = K8s.useCluster() ?? '';
  return <Wizard key={cluster} cluster={cluster} />;
}

/** Describes a new destination, tests it, and writes its Secret. */
export function Wizard({ cluster }: { cluster: string }) {
  const { t } = useText();
  const [form, setForm] = useState<Form>();
  const [step, setStep] = useState<StepName>('kind');
  const [hasPendingKey, setPendingKey] = useState(false);
  const taken = useTaken(cluster);
  const problems = useMemo(() => (form ? problemsOf(form, false, taken) : {}), [form, taken]);
  const change = (differs: Partial<Form>) => setForm(known => known && { ...known, ...differs });
  const steps = stepsOf(form);
  const at = steps.indexOf(step);
  const canBe = (wanted: StepName) =>
    steps
      .slice(0, steps.indexOf(wanted))
      .every(each => isDone(each, form, problems, hasPendingKey));
  const box = useRef<HTMLDivElement>(null);
  const go = (to: StepName | undefined) => {
    if (!to || !canBe(to)) return;
    setStep(to);
    box.current?.focus();
  };
  const next = steps[at + 1];
  return (
    <SectionBox
      backLink={useBackLink(cluster, DESTINATIONS_ROUTE)}
      title={<PageHeader title={t('Add a destination')} />}
    >
      <Stack spacing={3} sx={{ maxWidth: 960 }}>
        <RightWarning cluster={cluster} />
        <Stepper nonLinear alternativeLabel activeStep={at} sx={{ maxWidth: 720 }}>
          {steps.map((each, index) => (
            <Step key={each} completed={index < at}>
              <StepButton disabled={!canBe(each)} onClick={() => go(each)}>
                {stepName(each, t)}
              </StepButton>
            </Step>
          ))}
        </Stepper>
        <Stack ref={box} tabIndex={-1} spacing={3} sx={{ outline: 'none' }}>
          {step === 'kind' && (
            <Choices
              label={t('Where the archives are stored')}
              value={form?.kind}
              onChoose={kind => {
                setPendingKey(false);
                setForm(known => ({
                  ...emptyForm(kind),
                  // What does not depend on the kind stays.
                  ...(known && {
                    name: known.name,
                    isDefault: known.isDefault,
                    isRequired: known.isRequired,
                  }),
                }));
              }}
              choices={DESTINATION_KINDS.map(kind => ({
                value: kind,
                title: kindName(kind, t),
                text: kindAdvice(kind, t),
              }))}
            />
          )}
          {form && step === 'settings' && (
            <>
              <Grid>
                <TextField
                  size="small"
                  required
                  label={t('Name of the destination')}
                  value={form.name}
                  placeholder="offsite"
                  error={!!form.name && !!problems.name}
                  helperText={
                    form.name && problems.name
                      ? problemText(problems.name, t)
                      : t('It is the name of its Secret, and cannot be changed later.')
                  }
                  onChange={event => change({ name: event.target.value.trim() })}
                  inputProps={{ spellCheck: false, autoCapitalize: 'off', autoComplete: 'off' }}
                />
              </Grid>
              <SettingsFields form={form} problems={problems} change={change} />
              <Purpose form={form} change={change} />
            </>
          )}
          {form && step === 'encryption' && (
            <EncryptionFields
              form={form}
              problems={problems}
              change={change}
              onPendingKey={setPendingKey}
            />
          )}
          {form && step === 'save' && (
            <SaveStep
              cluster={cluster}
              form={form}
              change={change}
              onBack={() => go(steps[at - 1])}
            />
          )}
        </Stack>
        {step !== 'save' && (
          <Stack direction="row" flexWrap="wrap" gap={1.5}>
            {at > 0 && (
              <Button variant="outlined" onClick={() => go(steps[at - 1])}>
                {t('Back')}
              </Button>
            )}
            <Button
              variant="contained"
              aria-disabled={(next && !canBe(next)) || undefined}
              onClick={() => go(next)}
              sx={{ opacity: next && canBe(next) ? undefined : 0.5 }}
            >
              {t('Next')}
            </Button>
          </Stack>
        )}
      </Stack>
    </SectionBox>
  );
}

function stepName(step: StepName, t: Translate): string {
  switch (step) {
    case 'kind':
      return t('Kind');
    case 'settings':
      return t('Settings');
    case 'encryption':
      return t('Encryption');
    case 'save':
      return t('Test and save');
  }
}

const NONE: string[] = [];

/** Names of the destinations that there are. */
function useTaken(cluster: string): string[] {
  const namespace = useNamespacesAtHand(useSelectedNamespaces())(cluster)[0];
  const { value } = useDestinations(cluster, namespace);
  return useMemo(() => value?.destinations.map(({ name }) => name) ?? NONE, [value]);
}

/** Says before anything is typed that the Secret cannot be written. The manifest can still be copied. */
function RightWarning({ cluster }: { cluster: string }) {
  const { t } = useText();
  const [may, setMay] = useState<boolean>();
  useEffect(() => {
    let isOver = false;
    void mayWriteSecrets(cluster, 'create').then(answer => isOver || setMay(answer));
    return () => void (isOver = true);
  }, [cluster]);
  if (may !== false) return null;
  return (
    <Message severity="warning">
      {noRightText(cluster, 'create', t)}{' '}
      {t(
        'You can describe a destination here, and give its manifest to someone who has that permission.'
      )}
    </Message>
  );
}
