import { Loader } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Button, Stack, Typography } from '@mui/material';
import { useEffect, useState } from 'react';
import { useHistory } from 'react-router-dom';
import type { DestinationCheck } from '../../sidecar/api';
import { destinationClient } from '../api/clients/destinationClient';
import { connectionTo } from '../api/session/connection';
import { placeOf } from '../api/session/place';
import { DESTINATION_ROUTE } from '../routes';
import { TroubleMessage } from '../setup/TroubleMessage';
import { ActionButton } from '../ui/buttons/ActionButton';
import { Command } from '../ui/Copyable';
import { drillIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { CheckResult } from './CheckResult';
import { useUrlOf } from './DestinationLink';
import { type Form, secretOf, settingsOf } from './form';
import { HostKey, isChangedKey } from './HostKey';
import { manifestOf } from './manifest';
import { SecretProblem } from './SecretProblem';
import { useAction } from './useAction';
import { useSecret } from './useSecret';

interface SaveStepProps {
  cluster: string;
  form: Form;
  change(differs: Partial<Form>): void;
  onBack(): void;
}

/** Tests a destination that does not exist yet, shows its manifest, and writes its Secret. */
export function SaveStep({ cluster, form, change, onBack }: SaveStepProps) {
  const { t } = useText();
  const history = useHistory();
  const url = useUrlOf(cluster)(DESTINATION_ROUTE, { name: form.name });
  const { start, isBusy, trouble } = useAction();
  const [check, setCheck] = useState<DestinationCheck>();
  const secret = useSecret(cluster);
  const draft = secretOf(form, placeOf(cluster).namespace);
  const test = () =>
    start(async signal => {
      setCheck(undefined);
      const { name, kind } = form;
      const settings = settingsOf(form);
      setCheck(
        await destinationClient(connectionTo(cluster)).checkSettings(
          { name, kind, settings },
          { signal }
        )
      );
    });
  const { knownHosts } = form.values;
  const [trusted, setTrusted] = useState<string>();
  // Once a host key is trusted, the test goes on with it.
  useEffect(() => {
    if (trusted && trusted === knownHosts) void test();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [trusted, knownHosts]);

  async function save() {
    if (await secret.write('create', secrets => secrets.create(draft))) history.push(url);
  }

  return (
    <>
      <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1.5}>
        <ActionButton
          icon={drillIcon}
          text={isBusy ? t('Testing…') : check ? t('Test again') : t('Test')}
          isInert={isBusy}
          onClick={() => void test()}
        />
        {isBusy && <Loader title={t('Testing…')} noContainer size={20} />}
        <Typography variant="body2" color="text.secondary">
          {t('The test writes a small file, reads it back and deletes it.')}
        </Typography>
      </Stack>
      <TroubleMessage trouble={trouble} />
      {check && (
        <CheckResult check={check}>
          {check.hostKey && (
            <HostKey
              hostKey={check.hostKey}
              isChanged={isChangedKey(check)}
              isBusy={isBusy}
              onTrust={() => {
                const line = check.hostKey!.knownHosts;
                change({ values: { ...form.values, knownHosts: line } });
                setTrusted(line);
              }}
            />
          )}
        </CheckResult>
      )}
      <Stack spacing={1}>
        <Typography component="h3" variant="subtitle1">
          {t('The Secret')}
        </Typography>
        <Typography variant="body2" color="text.secondary">
          {t(
            'Save creates it with your permissions. You can also copy this manifest, and let your own tools fill in the omitted values.'
          )}
        </Typography>
        <Command text={manifestOf(draft, form.kind)} />
      </Stack>
      <SecretProblem cluster={cluster} trouble={secret.trouble} />
      <Stack direction="row" flexWrap="wrap" gap={1.5}>
        <Button variant="outlined" onClick={onBack}>
          {t('Back')}
        </Button>
        <Button
          variant={check?.passed ? 'contained' : 'outlined'}
          aria-disabled={secret.isBusy || isBusy || undefined}
          onClick={() => !secret.isBusy && !isBusy && void save()}
          sx={{ opacity: secret.isBusy || isBusy ? 0.5 : undefined }}
        >
          {check?.passed ? t('Save') : t('Save without a passed test')}
        </Button>
      </Stack>
    </>
  );
}
