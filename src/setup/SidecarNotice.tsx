import { Icon } from '@iconify/react';
import { Box, Button, Stack, Typography } from '@mui/material';
import {
  NKVM_NAMESPACE,
  openNamespaceCommand,
  USER_SERVICE_ACCOUNT,
} from '../../sidecar/api/names.ts';
import { tryAgain } from '../api/queries';
import { canI, type Sidecar } from '../api/sidecar';
import { Command } from '../ui/Copyable';
import { alertIcon, lockIcon, retryIcon, setupIcon, unreachableIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { INSTALL_COMMAND, MANIFESTS_URL } from './links';
import { rightText } from './rightText';

interface SidecarNoticeProps {
  cluster: string;
  sidecar: Exclude<Sidecar, { state: 'ready' }>;
}

/** In place of a page whose sidecar is not there, or not for this user: what is so, and what to do. */
export function SidecarNotice({ cluster, sidecar }: SidecarNoticeProps) {
  const { t } = useText();
  switch (sidecar.state) {
    case 'absent':
      return <NotInstalled cluster={cluster} />;
    case 'forbidden':
      return (
        <Notice
          icon={lockIcon}
          title={t('No access to backups')}
          text={rightText(sidecar.right, t)}
        >
          <Typography color="text.secondary">
            {sidecar.right.name === USER_SERVICE_ACCOUNT &&
              `${t('If you work in another namespace, choose it in the filter of this page.')} `}
            {t('Ask an administrator of the cluster for it. This command checks it')}
          </Typography>
          <Command text={canI(sidecar.right)} />
          <TryAgain cluster={cluster} />
        </Notice>
      );
    case 'unauthorised':
      return (
        <Notice
          icon={alertIcon}
          title={t('The backup service does not know you')}
          text={sidecar.message}
        >
          <TryAgain cluster={cluster} />
        </Notice>
      );
    case 'unreachable':
      return (
        <Notice
          icon={unreachableIcon}
          title={t('The backup service does not answer')}
          text={sidecar.message}
        >
          <Typography color="text.secondary">
            {t('It may be starting. This shows its pod and what is wrong with it')}
          </Typography>
          <Command text={`kubectl get pods,events -n ${NKVM_NAMESPACE}`} />
          <TryAgain cluster={cluster} />
        </Notice>
      );
  }
}

function NotInstalled({ cluster }: { cluster: string }) {
  const { t } = useText();
  return (
    <Notice
      icon={setupIcon}
      title={t('Backups are not set up in this cluster')}
      text={t(
        'Volumes & Backups needs a small service in the cluster. It keeps to its own namespace, and reads a volume only where you allow it.'
      )}
    >
      <Box component="ol" sx={{ textAlign: 'left', pl: 2.5, '& li + li': { mt: 2 } }}>
        <li>
          <Typography gutterBottom>{t('An administrator installs it once')}</Typography>
          <Command text={INSTALL_COMMAND} />
        </li>
        <li>
          <Typography gutterBottom>
            {t('and opens each namespace that may be backed up')}
          </Typography>
          <Command text={openNamespaceCommand('NAMESPACE')} />
        </li>
      </Box>
      <TryAgain cluster={cluster}>
        <Button href={MANIFESTS_URL} target="_blank" rel="noopener noreferrer">
          {t('See what is installed')}
        </Button>
      </TryAgain>
    </Notice>
  );
}

function TryAgain({ cluster, children }: { cluster: string; children?: React.ReactNode }) {
  const { t } = useText();
  return (
    <Stack direction="row" gap={1} justifyContent="center" flexWrap="wrap">
      <Button
        variant="outlined"
        startIcon={<Icon icon={retryIcon} />}
        onClick={() => tryAgain(cluster)}
      >
        {t('Look again')}
      </Button>
      {children}
    </Stack>
  );
}
