import { Box, Chip, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import type { Cluster, ClusterState } from '../../sidecar/api';
import { clusterClient } from '../api/clients/clusterClient';
import { refTo } from '../api/clusterRef';
import { connectionTo } from '../api/session/connection';
import { Link } from '../otherClusters/Link';
import { ConfirmButton } from '../restores/ConfirmButton';
import { VOLUMES_ROUTE } from '../routes';
import { ActionButton } from '../ui/buttons/ActionButton';
import { Facts } from '../ui/Facts';
import { deleteIcon, failedIcon, keyIcon, successIcon, unknownIcon, warnIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { Badge } from '../ui/status';
import { useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { stateText } from './clusterText';
import { KubeconfigDialog } from './KubeconfigDialog';

const LOOKS = {
  ready: { icon: successIcon, color: 'success' },
  unknown: { icon: unknownIcon, color: '' },
  unreachable: { icon: warnIcon, color: 'error' },
  refused: { icon: failedIcon, color: 'error' },
} as const satisfies Record<ClusterState, object>;

interface ClusterCardProps {
  /** The one whose NKVM is asked. */
  cluster: string;
  shown: Cluster;
  /** Why the person may not change it, and whom to ask. */
  why: string | undefined;
}

/** One cluster: how it stands, and what can be done about it. */
export function ClusterCard({ cluster, shown, why }: ClusterCardProps) {
  const { t, language } = useText();
  const { name, isOwn, state, since, problem, server, version, volumes, source } = shown;
  const rows = [
    { name: t('API server'), value: server, hide: !server },
    { name: t('Kubernetes'), value: version, hide: !version },
    {
      name: t('Volumes'),
      value: volumes?.toLocaleString(language),
      hide: volumes === null,
    },
    { name: t('State since'), value: since && <Ago date={since} />, hide: !since },
    {
      name: source?.kind === 'file' ? t('File') : t('Secret'),
      value: source?.name,
      hide: !source,
    },
  ];
  return (
    <Box component="li" sx={{ border: 1, borderColor: 'divider', borderRadius: 1, p: 2 }}>
      <Stack spacing={1.5}>
        <Stack direction="row" flexWrap="wrap" alignItems="center" columnGap={1.5} rowGap={0.75}>
          <Typography
            component="h3"
            variant="subtitle1"
            sx={{ fontWeight: 500, overflowWrap: 'anywhere' }}
          >
            {name}
          </Typography>
          <Badge {...LOOKS[state]} text={stateText(state, t)} />
          {isOwn && (
            <Chip
              size="small"
              variant="outlined"
              label={t('NKVM runs here')}
              sx={{ color: 'text.primary' }}
            />
          )}
        </Stack>
        {problem && (
          <Message severity={state === 'refused' ? 'error' : 'warning'}>
            {`${sentence(problem.message)} (${problem.reason}). ${sentence(problem.hint)}`}
          </Message>
        )}
        <Facts rows={rows} />
        {state !== 'refused' && (
          <Typography variant="body2">
            <Link
              routeName={VOLUMES_ROUTE.name}
              activeCluster={refTo(cluster, isOwn ? undefined : name)}
            >
              {t('Volumes & Backups of {{name}}', { name })}
            </Link>
          </Typography>
        )}
        {source?.kind === 'secret' && (
          <Stack direction="row" flexWrap="wrap" gap={1.5}>
            <ReplaceButton cluster={cluster} name={name} why={why} />
            <RemoveButton cluster={cluster} name={name} why={why} />
          </Stack>
        )}
      </Stack>
    </Box>
  );
}

interface ButtonProps {
  cluster: string;
  name: string;
  why: string | undefined;
}

function ReplaceButton({ cluster, name, why }: ButtonProps) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <ActionButton
        icon={keyIcon}
        text={t('Replace credentials…')}
        label={t('Replace credentials of {{name}}', { name })}
        why={why}
        onClick={() => setOpen(true)}
      />
      {isOpen && (
        <KubeconfigDialog cluster={cluster} replaces={name} onClose={() => setOpen(false)} />
      )}
    </>
  );
}

function RemoveButton({ cluster, name, why }: ButtonProps) {
  const { t } = useText();
  return (
    <ConfirmButton
      cluster={cluster}
      icon={deleteIcon}
      text={t('Remove…')}
      label={t('Remove cluster {{name}}', { name })}
      title={t('Remove cluster {{name}}?', { name })}
      no={t('Keep it')}
      yes={t('Remove the cluster')}
      isDangerous
      why={why}
      failure={t('The cluster was not removed')}
      act={() => clusterClient(connectionTo(cluster)).remove(name)}
    >
      <Typography>
        {t(
          'Its Secret with the kubeconfig is deleted. Backups and restores that are running there fail. The archives stay where they are.'
        )}
      </Typography>
    </ConfirmButton>
  );
}
