import { Typography } from '@mui/material';
import { USER_SERVICE_ACCOUNT } from '../../sidecar/api/names.ts';
import { canI, type MissingRight } from '../api/sidecar';
import { Command } from '../ui/Copyable';
import { lockIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { type Translate, useText } from '../ui/text';
import { admitUsersCommands, INSTALL_COMMAND } from './commands';
import { LookAgain } from './LookAgain';
import { rightText } from './rightText';

/** In place of a page, for a user who lacks a right on the way to the sidecar. */
export function NoRight({ cluster, right }: { cluster: string; right: MissingRight }) {
  const { t } = useText();
  return (
    <Notice icon={lockIcon} title={t('No access to backups')} text={rightText(right, t)}>
      <Typography color="text.secondary">
        {adviceOn(right, t)} {t('This command checks it')}
      </Typography>
      <Command text={canI(right)} />
      <LookAgain cluster={cluster} />
    </Notice>
  );
}

function adviceOn({ subresource, name }: MissingRight, t: Translate): string {
  // Whoever may not see the namespace is not told by the API server that there is no Service.
  if (subresource === 'proxy') {
    return t('Perhaps NKVM is not installed here, for its manifests give this right to everybody.');
  }
  return name === USER_SERVICE_ACCOUNT
    ? t('If you work in another namespace, choose it in the filter of the page Volumes & Backups.')
    : t('Ask an administrator of the cluster for it.');
}

interface NoAccountProps {
  cluster: string;
  namespace: string;
  account: string;
}

/** In place of a page, where the account does not exist whose token the sidecar wants. */
export function NoAccount({ cluster, namespace, account }: NoAccountProps) {
  const { t } = useText();
  const isOfUsers = account === USER_SERVICE_ACCOUNT;
  return (
    <Notice
      icon={lockIcon}
      title={t('No access to backups')}
      text={noAccountText({ namespace, account }, t)}
    >
      <Typography color="text.secondary">
        {t('An administrator of the cluster runs this once')}
      </Typography>
      <Command text={isOfUsers ? admitUsersCommands(namespace) : INSTALL_COMMAND} />
      <LookAgain cluster={cluster} />
    </Notice>
  );
}

export const noAccountText = (missing: { namespace: string; account: string }, t: Translate) =>
  t('ServiceAccount {{account}} is missing in namespace {{namespace}}.', missing);
