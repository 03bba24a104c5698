import { MenuItem, Stack, TextField, Typography } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useState } from 'react';
import { refresh } from '../api/queries/queries';
import { type NotDone, notDoneOf } from '../api/session/apiServer';
import { notDoneText } from '../setup/notDoneText';
import { GuardedButton } from '../ui/buttons/GuardedButton';
import { Command } from '../ui/Copyable';
import { Choices } from '../ui/fields/Choices';
import { addIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { type Role, ROLES, roleText } from './accessText';
import { grantOf, yamlOf } from './grant';
import { idOf } from './subjects';
import { createGrant, type SubjectAccess } from './useAccess';

interface GrantSectionProps {
  cluster: string;
  namespace: string;
  /** ServiceAccounts: NKVM takes no other tokens from Headlamp. */
  accounts: SubjectAccess[];
  /** Whether the person may create RoleBindings; undefined: it is not known. */
  mayGrant: boolean | undefined;
}

/** The YAML that lets a ServiceAccount do more, to copy or to apply. */
export function GrantSection({ cluster, namespace, accounts, mayGrant }: GrantSectionProps) {
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const [chosen, setChosen] = useState('');
  const [role, setRole] = useState<Role>('nkvm-operator');
  const [isBusy, setBusy] = useState(false);
  const [notDone, setNotDone] = useState<NotDone>();
  const account = accounts.find(each => idOf(each) === chosen) ?? accounts[0];
  if (!account) return null;
  const objects = grantOf(account, role, namespace);
  const nameOf = ({ namespace: home = '', name }: SubjectAccess) => `${home}/${name}`;

  async function apply() {
    setBusy(true);
    setNotDone(undefined);
    try {
      await createGrant(cluster, objects);
      enqueueSnackbar(
        t('{{account}} now has {{role}} in {{namespace}}.', {
          ...{ account: nameOf(account!), role, namespace },
        }),
        { variant: 'success' }
      );
    } catch (error) {
      setNotDone(notDoneOf(error));
    } finally {
      setBusy(false);
      void refresh(cluster);
    }
  }

  return (
    <Stack spacing={2}>
      <Typography component="h3" variant="h6">
        {t('Grant permissions')}
      </Typography>
      <TextField
        select
        size="small"
        label="ServiceAccount"
        value={idOf(account)}
        onChange={event => {
          setChosen(event.target.value);
          setNotDone(undefined);
        }}
        sx={{ maxWidth: 480 }}
      >
        {accounts.map(each => (
          <MenuItem key={idOf(each)} value={idOf(each)}>
            {nameOf(each)}
          </MenuItem>
        ))}
      </TextField>
      <Choices
        label={t('Role')}
        value={role}
        choices={ROLES.map(value => ({ value, title: value, text: roleText(value, t) }))}
        onChoose={value => {
          setRole(value);
          setNotDone(undefined);
        }}
      />
      <Command text={yamlOf(objects)} label={t('Copy the YAML')} />
      {notDone && (
        <Message severity="error" role="alert">
          {notDone.kind === 'refused'
            ? t(
                'The API server refused these permissions. {{message}}. Kubernetes lets people grant only permissions that they hold. Ask a cluster administrator, and send them this YAML.',
                { message: sentence(notDone.message) }
              )
            : notDoneText(notDone, t)}
        </Message>
      )}
      <GuardedButton
        icon={addIcon}
        text={isBusy ? t('Applying…') : t('Apply')}
        variant="contained"
        isInert={isBusy}
        why={
          mayGrant === false
            ? t(
                'You don’t have permission to create rolebindings in namespace {{namespace}}. Ask an administrator of the namespace or of the cluster, and send them this YAML.',
                { namespace }
              )
            : undefined
        }
        onClick={() => void apply()}
      />
      <Typography variant="body2" color="text.secondary">
        {t('It is created with your own permissions, not with those of NKVM.')}
      </Typography>
    </Stack>
  );
}
