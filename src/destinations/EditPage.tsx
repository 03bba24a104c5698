import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Button, Stack, Typography } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useMemo, useRef, useState } from 'react';
import { useHistory, useParams } from 'react-router-dom';
import type { Destination } from '../../sidecar/api';
import { useDestination } from '../api/queries/destinationQueries';
import { DESTINATION_ROUTE, DESTINATIONS_ROUTE } from '../routes';
import { Shown } from '../setup/Shown';
import { Message } from '../ui/Message';
import { PageHeader } from '../ui/PageHeader';
import { useText } from '../ui/text';
import { useBackLink } from '../useBackLink';
import { useNamespacesAtHand, useSelectedNamespaces } from '../volumes/useNamespaces';
import { useUrlOf } from './DestinationLink';
import { EncryptionFields } from './EncryptionFields';
import { canEncrypt, type Kind } from './fields';
import { changeOf, emptyForm, type Form, problemsOf } from './form';
import { Purpose } from './Purpose';
import { SecretProblem } from './SecretProblem';
import { SettingsFields } from './SettingsFields';
import { useSecret } from './useSecret';

/** The route to the settings of one destination. */
export function EditRoute() {
  const { t } = useText();
  const cluster = K8s.useCluster() ?? '';
  const { name } = useParams<{ name: string }>();
  const namespace = useNamespacesAtHand(useSelectedNamespaces())(cluster)[0];
  const asked = useDestination(cluster, name, namespace);
  // When the session ends, the answer is forgotten. What the person has typed is not: the form is hidden until there is an answer again.
  const last = useRef<Destination>();
  last.current = asked.value?.destination ?? last.current;
  const known = last.current;
  return (
    <SectionBox
      backLink={useBackLink(cluster, DESTINATIONS_ROUTE)}
      title={<PageHeader title={t('Settings of destination {{name}}', { name })} />}
    >
      <Shown cluster={cluster} asked={asked}>
        {() => null}
      </Shown>
      {known && !asked.value && asked.trouble && (
        <Message severity="info">
          {t('The text that you have entered on this page is kept.')}
        </Message>
      )}
      {known && (
        <Box hidden={!asked.value}>
          {known.kind === 'local' ? (
            <Message severity="info">
              {t(
                'It belongs to the installation and has no Secret. Change it in the settings of NKVM.'
              )}
            </Message>
          ) : (
            <Edit cluster={cluster} destination={known} kind={known.kind} />
          )}
        </Box>
      )}
    </SectionBox>
  );
}

interface EditProps {
  cluster: string;
  destination: Destination;
  kind: Kind;
}

/** Changes the Secret of a destination. What is stored is not read, so that it cannot be shown. */
function Edit({ cluster, destination, kind }: EditProps) {
  const { t } = useText();
  const history = useHistory();
  const { enqueueSnackbar } = useSnackbar();
  const { name, isDefault, isRequired } = destination;
  const url = useUrlOf(cluster)(DESTINATION_ROUTE, { name });
  const [before] = useState<Form>(() => ({
    ...emptyForm(kind),
    ...{ name, isDefault, isRequired },
    encryption: 'kept',
  }));
  const [form, setForm] = useState(before);
  const [hasPendingKey, setPendingKey] = useState(false);
  const problems = useMemo(() => problemsOf(form, true), [form]);
  const change = (differs: Partial<Form>) => setForm(known => ({ ...known, ...differs }));
  const secret = useSecret(cluster);
  const isInert = secret.isBusy || hasPendingKey || Object.keys(problems).length > 0;
  async function save() {
    if (!(await secret.write('patch', secrets => secrets.change(name, changeOf(form, before)))))
      return;
    enqueueSnackbar(t('{{name}} is saved. Test it to see whether it works.', { name }), {
      variant: 'success',
    });
    history.push(url);
  }
  return (
    <Stack spacing={3} sx={{ maxWidth: 960 }}>
      <Typography color="text.secondary">
        {t('Stored credentials are not shown. Fill in only the fields that you want to change.')}
      </Typography>
      <SettingsFields form={form} problems={problems} isEdit change={change} />
      <Purpose form={form} change={change} />
      {canEncrypt(kind) && (
        <Stack spacing={1}>
          <EncryptionFields
            form={form}
            problems={problems}
            isEdit
            change={change}
            onPendingKey={setPendingKey}
          />
          {form.encryption !== 'kept' && (
            <Message severity="info">
              {t('The setting applies to new archives. Existing archives do not change.')}
            </Message>
          )}
        </Stack>
      )}
      <SecretProblem cluster={cluster} trouble={secret.trouble} />
      <Stack direction="row" flexWrap="wrap" gap={1.5}>
        <Button variant="outlined" onClick={() => history.push(url)}>
          {t('Cancel')}
        </Button>
        <Button
          variant="contained"
          aria-disabled={isInert || undefined}
          onClick={() => !isInert && void save()}
          sx={{ opacity: isInert ? 0.5 : undefined }}
        >
          {t('Save')}
        </Button>
      </Stack>
    </Stack>
  );
}
