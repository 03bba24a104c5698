import { Typography } from '@mui/material';
import { NKVM_NAMESPACE } from '../../sidecar/api/names.ts';
import type { Sidecar } from '../api/sidecar';
import { Command } from '../ui/Copyable';
import { alertIcon, unreachableIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { LookAgain } from './LookAgain';
import { NoAccount, NoRight } from './NoAccess';
import { NotInstalled } from './NotInstalled';

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
      return <NoRight cluster={cluster} right={sidecar.right} />;
    case 'noAccount':
      return <NoAccount cluster={cluster} {...sidecar} />;
    case 'unauthorised':
      return (
        <Notice
          icon={alertIcon}
          title={t('The backup service does not know you')}
          text={sidecar.message}
        >
          <LookAgain cluster={cluster} />
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
          <LookAgain cluster={cluster} />
        </Notice>
      );
  }
}
