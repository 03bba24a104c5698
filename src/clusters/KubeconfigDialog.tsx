import { Box, Button, MenuItem, Stack, TextField, Typography } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useRef, useState } from 'react';
import type { ClusterCheck } from '../../sidecar/api';
import { refresh } from '../api/cache';
import { clusterClient } from '../api/clients/clusterClient';
import { connectionTo } from '../api/session/connection';
import { useAction } from '../destinations/useAction';
import { TroubleMessage } from '../setup/TroubleMessage';
import { ActionButton } from '../ui/buttons/ActionButton';
import { Command } from '../ui/Copyable';
import { Facts } from '../ui/Facts';
import { uploadIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';
import { kubeconfigCommands, PREPARE_COMMANDS, rightText } from './clusterText';
import { contextNames } from './contexts';

interface KubeconfigDialogProps {
  cluster: string;
  /** The cluster whose kubeconfig is replaced; absent: one is added. */
  replaces?: string;
  onClose(): void;
}

/** As the sidecar has it. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Takes the kubeconfig of another cluster, checks it, and stores it. The text is gone with the dialog: nothing of it is kept in the
 * page.
 */
export function KubeconfigDialog({ cluster, replaces, onClose }: KubeconfigDialogProps) {
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const [name, setName] = useState(replaces ?? '');
  const [kubeconfig, setKubeconfig] = useState('');
  const [chosen, setChosen] = useState('');
  const [check, setCheck] = useState<ClusterCheck>();
  const contexts = contextNames(kubeconfig);
  const context = contexts.includes(chosen) ? chosen : undefined;
  const { start, isBusy, trouble, reset } = useAction();
  const isReady = NAME.test(name) && kubeconfig.trim() !== '';

  const change = (act: () => void): void => {
    act();
    setCheck(undefined);
    reset();
  };
  const send = (dryRun: boolean) =>
    start(async signal => {
      const client = clusterClient(connectionTo(cluster));
      const result = await (replaces === undefined
        ? client.add({ name, kubeconfig, context, dryRun }, { signal })
        : client.replace(replaces, { kubeconfig, context, dryRun }, { signal }));
      if (dryRun) return setCheck(result);
      enqueueSnackbar(
        replaces === undefined
          ? t('Cluster {{name}} was added.', { name })
          : t('The credentials of cluster {{name}} were replaced.', { name }),
        { variant: 'success' }
      );
      onClose();
      await refresh(cluster);
    });

  const isInert = isBusy || !isReady;
  return (
    <TextDialog
      title={
        replaces === undefined
          ? t('Add a cluster')
          : t('Replace the credentials of {{name}}', { name: replaces })
      }
      isOpen
      onClose={onClose}
      actions={
        <>
          <ActionButton variant="text" text={t('Cancel')} onClick={onClose} />
          <ActionButton
            variant="contained"
            isInert={isInert}
            text={
              isBusy
                ? check
                  ? t('Saving…')
                  : t('Checking…')
                : !check
                ? t('Check')
                : replaces === undefined
                ? t('Add the cluster')
                : t('Replace')
            }
            onClick={() => void send(!check)}
          />
        </>
      }
    >
      <Stack spacing={2}>
        {replaces === undefined && (
          <TextField
            label={t('Name')}
            size="small"
            value={name}
            error={name !== '' && !NAME.test(name)}
            helperText={t(
              'Part of the name of each archive. Lower-case letters, digits and dashes.'
            )}
            onChange={event => change(() => setName(event.target.value.trim()))}
          />
        )}
        <KubeconfigField value={kubeconfig} onChange={text => change(() => setKubeconfig(text))} />
        {contexts.length > 1 && (
          <TextField
            select
            size="small"
            label={t('Context')}
            value={context ?? ''}
            InputLabelProps={{ shrink: true }}
            SelectProps={{ displayEmpty: true }}
            onChange={({ target }) => change(() => setChosen(target.value))}
          >
            <MenuItem value="">{t('The current context')}</MenuItem>
            {contexts.map(each => (
              <MenuItem key={each} value={each}>
                {each}
              </MenuItem>
            ))}
          </TextField>
        )}
        <TroubleMessage trouble={trouble} />
        {check && <CheckFacts check={check} />}
        <Preparation name={NAME.test(name) ? name : 'site-b'} />
      </Stack>
    </TextDialog>
  );
}

function KubeconfigField({ value, onChange }: { value: string; onChange(text: string): void }) {
  const { t } = useText();
  const input = useRef<HTMLInputElement>(null);
  return (
    <Stack spacing={1} alignItems="flex-start">
      <TextField
        label={t('Kubeconfig')}
        multiline
        fullWidth
        minRows={4}
        maxRows={10}
        value={value}
        autoComplete="off"
        inputProps={{ spellCheck: false, style: { fontFamily: 'monospace', fontSize: '0.8rem' } }}
        helperText={t(
          'It is stored in a Secret in the namespace of NKVM and never shown again. NKVM takes the server, certificates and a token or a key. Anything that starts a program or reads a file is refused.'
        )}
        onChange={event => onChange(event.target.value)}
      />
      <input
        ref={input}
        type="file"
        hidden
        aria-label={t('Kubeconfig file')}
        onChange={async event => {
          const [file] = event.target.files ?? [];
          event.target.value = '';
          if (file) onChange(await file.text());
        }}
      />
      <ActionButton
        icon={uploadIcon}
        text={t('Choose a file…')}
        onClick={() => input.current?.click()}
      />
    </Stack>
  );
}

function CheckFacts({ check }: { check: ClusterCheck }) {
  const { t } = useText();
  const { server, version, uid, missing, mayTooMuch } = check;
  return (
    <Stack spacing={1.5} role="status">
      <Message severity="success">{t('NKVM reaches this cluster with the kubeconfig.')}</Message>
      <Facts
        isInDialog
        rows={[
          { name: t('API server'), value: server },
          { name: t('Kubernetes'), value: version, hide: !version },
          { name: t('UID of kube-system'), value: uid },
        ]}
      />
      {missing.length > 0 && (
        <Message severity="warning">
          {t(
            'These permissions are missing in that cluster. Without them, NKVM does not see all of its volumes, or people there cannot prove their permissions.'
          )}
          <Box component="ul" sx={{ m: 0, mt: 0.5, pl: 2.5 }}>
            {missing.map(right => (
              <li key={rightText(right)}>
                <code>{rightText(right)}</code>
              </li>
            ))}
          </Box>
        </Message>
      )}
      {mayTooMuch && (
        <Message severity="warning">
          {t(
            'This account can read all Secrets of that cluster, which NKVM does not need. Use the ServiceAccount below instead.'
          )}
        </Message>
      )}
    </Stack>
  );
}

/** The commands that make an account with the smallest rights, and its kubeconfig. */
function Preparation({ name }: { name: string }) {
  const { t } = useText();
  const [isShown, setShown] = useState(false);
  return (
    <Stack spacing={1.5} alignItems="stretch">
      <Box>
        <Button
          size="small"
          color="inherit"
          aria-expanded={isShown}
          onClick={() => setShown(before => !before)}
          sx={{ textDecoration: 'underline' }}
        >
          {t('How to prepare the other cluster')}
        </Button>
      </Box>
      {isShown && (
        <>
          <Typography variant="body2">
            {t(
              'These commands create a ServiceAccount in the other cluster, and open a namespace for backups and restores. Run them there, in a copy of the repository of NKVM.'
            )}
          </Typography>
          <Command text={PREPARE_COMMANDS} />
          <Typography variant="body2">
            {t(
              'These commands write its kubeconfig. SERVER must be the address by which NKVM reaches the API server.'
            )}
          </Typography>
          <Command text={kubeconfigCommands(name)} />
        </>
      )}
    </Stack>
  );
}
