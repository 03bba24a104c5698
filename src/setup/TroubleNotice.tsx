import type { IconifyIcon } from '@iconify/react';
import { Button, Stack, Typography } from '@mui/material';
import type { ReactNode } from 'react';
import { USER_SERVICE_ACCOUNT } from '../../sidecar/api/names.ts';
import { placeOf } from '../api/session/place';
import { canI, type Trouble } from '../api/trouble';
import { PREPARE_REMOTE_COMMAND } from '../clusters/clusterText';
import { Command } from '../ui/Copyable';
import { alertIcon, lockIcon, setupIcon, unreachableIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { type Translate, useText } from '../ui/text';
import { admitUsersCommands, INSTALL_COMMAND } from './commands';
import { Elsewhere, PlaceSettingsLink } from './Elsewhere';
import { LookAgain } from './LookAgain';
import { InstallSteps, WhatIsInstalled } from './NotInstalled';
import { NoWaySteps } from './NoWaySteps';
import { troubleText } from './troubleText';

const ICONS: Partial<Record<Trouble['kind'], IconifyIcon>> = {
  absent: setupIcon,
  noRight: lockIcon,
  noAccount: lockIcon,
  loggedOut: lockIcon,
  loginPage: lockIcon,
  denied: lockIcon,
  unreachable: unreachableIcon,
  noWay: unreachableIcon,
  offline: unreachableIcon,
  cutOff: unreachableIcon,
};

/** In place of contents that could not be had: what is wrong, and what to do about it. */
export function TroubleNotice({ cluster, trouble }: { cluster: string; trouble: Trouble }) {
  const { t } = useText();
  return (
    <Notice icon={ICONS[trouble.kind] ?? alertIcon} {...troubleText(trouble, t)}>
      {mayBeElsewhere(trouble) && (
        <Elsewhere key={cluster} cluster={cluster}>
          {trouble.kind === 'absent' && (
            <>
              <InstallSteps />
              <WhatIsInstalled />
            </>
          )}
        </Elsewhere>
      )}
      {adviceOn(cluster, trouble, t)}
      <Stack direction="row" gap={1} justifyContent="center" flexWrap="wrap">
        {trouble.kind === 'loginPage' ? (
          <Button variant="outlined" onClick={() => location.reload()}>
            {t('Reload this page')}
          </Button>
        ) : (
          <LookAgain cluster={cluster} />
        )}
        {mayBeElsewhere(trouble) && <PlaceSettingsLink />}
      </Stack>
    </Notice>
  );
}

/**
 * Those who may not see a namespace are not told that there is no Service in it. Where the port of NKVM takes HTTPS, the API
 * server has no way to it by a name without `https:`.
 */
const mayBeElsewhere = (trouble: Trouble): boolean =>
  trouble.kind === 'absent' ||
  trouble.kind === 'noWay' ||
  (trouble.kind === 'noRight' && trouble.right.subresource === 'proxy');

function adviceOn(cluster: string, trouble: Trouble, t: Translate): ReactNode {
  switch (trouble.kind) {
    case 'noRight':
      return (
        <>
          <Advice>{rightAdvice(trouble.right, t)}</Advice>
          {trouble.right.name === USER_SERVICE_ACCOUNT && (
            <Command text={admitUsersCommands(trouble.right.namespace)} />
          )}
          <Advice>{t('This command checks whether you have the permission')}</Advice>
          <Command text={canI(trouble.right)} />
        </>
      );
    case 'noAccount': {
      const isOfUsers = trouble.account === USER_SERVICE_ACCOUNT;
      const install = placeOf(cluster).as ? PREPARE_REMOTE_COMMAND : INSTALL_COMMAND;
      return (
        <>
          <Advice>{t('A cluster administrator runs this once')}</Advice>
          <Command text={isOfUsers ? admitUsersCommands(trouble.namespace) : install} />
        </>
      );
    }
    case 'unreachable':
      return (
        <>
          <Advice>
            {t('It may be starting. This command shows its pod and its latest events')}
          </Advice>
          <Command text={`kubectl get pods,events -n ${placeOf(cluster).namespace}`} />
        </>
      );
    case 'noWay':
      return <NoWaySteps cluster={cluster} />;
    case 'absent': // Elsewhere shows the steps
    case 'offline':
    case 'cutOff':
    case 'loggedOut':
    case 'loginPage':
    case 'unauthorised':
    case 'cached':
    case 'denied':
    case 'notFound':
    case 'failed':
      return null;
  }
}

const Advice = ({ children }: { children: string }) => (
  <Typography color="text.secondary">{children}</Typography>
);

function rightAdvice(
  { subresource, name, namespace }: { subresource: string; name: string; namespace: string },
  t: Translate
): string {
  // The API server does not tell people who may not see the namespace that there is no Service.
  if (subresource === 'proxy') {
    return t(
      'NKVM may not be installed in this cluster, because its manifests give this permission to everyone.'
    );
  }
  return name === USER_SERVICE_ACCOUNT
    ? t(
        'If you work in another namespace, select it in the Namespaces filter, or add it in Headlamp under Settings, Cluster, Allowed namespaces. To give the users of {{namespace}} access to its backups, a cluster administrator runs this once',
        { namespace }
      )
    : t('Ask a cluster administrator for it.');
}
