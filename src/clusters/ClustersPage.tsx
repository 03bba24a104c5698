import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox, SectionHeader } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import type { ClusterList } from '../../sidecar/api';
import { LackNote } from '../access/LackNote';
import { type Lack, lackText } from '../access/useLack';
import { useClusterLists } from '../api/queries/clusterQueries';
import { placeOf } from '../api/session/place';
import { Shown } from '../setup/Shown';
import { ActionButton } from '../ui/ActionButton';
import { addIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { useNamespacesAtHand, useSelectedNamespaces } from '../volumes/useNamespaces';
import { ClusterCard } from './ClusterCard';
import { KubeconfigDialog } from './KubeconfigDialog';

/** The clusters that the NKVM of each selected cluster looks after. */
export function ClustersPage() {
  const { t } = useText();
  const clusters = K8s.useSelectedClusters();
  const namespacesOf = useNamespacesAtHand(useSelectedNamespaces());
  const lists = useClusterLists(clusters, cluster => namespacesOf(cluster)[0]);
  return (
    <SectionBox title={<SectionHeader title={t('Clusters')} />}>
      <Stack spacing={3}>
        {lists.map(({ cluster, ...asked }) => (
          <Stack key={cluster} spacing={2}>
            {clusters.length > 1 && (
              <Typography component="h2" variant="h6">
                {cluster}
              </Typography>
            )}
            <Shown cluster={cluster} asked={asked}>
              {list => <Clusters cluster={cluster} list={list} />}
            </Shown>
          </Stack>
        ))}
      </Stack>
    </SectionBox>
  );
}

const lackOf = (cluster: string, verbs: string): Lack => ({
  right: `${verbs} clusters.nkvm.io`,
  namespace: placeOf(cluster).namespace,
  kind: 'nkvm',
});

function Clusters({ cluster, list }: { cluster: string; list: ClusterList }) {
  const { t } = useText();
  const { clusters, mayAdd, mayManage } = list;
  const [isAdding, setAdding] = useState(false);
  const add = mayAdd ? undefined : lackOf(cluster, 'create');
  return (
    <Stack spacing={2}>
      <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1.5}>
        <ActionButton
          icon={addIcon}
          variant="contained"
          text={t('Add a cluster')}
          why={lackText(add, t)}
          onClick={() => setAdding(true)}
        />
        <LackNote cluster={cluster} lacks={[add]} />
      </Stack>
      {clusters.length === 1 && (
        <Message severity="info">
          {t(
            'NKVM looks after this cluster only. With the kubeconfig of another cluster, it also backs up the volumes there.'
          )}
        </Message>
      )}
      <Box
        component="ul"
        aria-label={t('Clusters')}
        sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 2 }}
      >
        {clusters.map(each => (
          <ClusterCard
            key={`${each.source?.kind}/${each.source?.name}`}
            cluster={cluster}
            shown={each}
            why={mayManage ? undefined : lackText(lackOf(cluster, 'update and delete'), t)}
          />
        ))}
      </Box>
      {isAdding && <KubeconfigDialog cluster={cluster} onClose={() => setAdding(false)} />}
    </Stack>
  );
}
