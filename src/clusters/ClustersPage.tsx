import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import type { ClusterList } from '../../sidecar/api';
import { LackNote } from '../access/LackNote';
import { type Lack, lackText } from '../access/useLack';
import { useClusterLists } from '../api/queries/clusterQueries';
import { placeOf } from '../api/session/place';
import { Shown } from '../setup/Shown';
import { ActionButton } from '../ui/buttons/ActionButton';
import { addIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { PageHeader } from '../ui/PageHeader';
import { useText } from '../ui/text';
import { useNamespacesAtHand, useSelectedNamespaces } from '../volumes/useNamespaces';
import { ClusterCard } from './ClusterCard';
import { KubeconfigDialog } from './KubeconfigDialog';

/** The clusters that the NKVM of each selected cluster backs up. */
export function ClustersPage() {
  const { t } = useText();
  const clusters = K8s.useSelectedClusters();
  const namespacesOf = useNamespacesAtHand(useSelectedNamespaces());
  const lists = useClusterLists(clusters, cluster => namespacesOf(cluster)[0]);
  const [only] = lists;
  return (
    <SectionBox
      title={
        <PageHeader
          title={t('Clusters')}
          actions={
            only && lists.length === 1
              ? [<AddButton key="add" cluster={only.cluster} list={only.value} />]
              : []
          }
        />
      }
    >
      <Stack spacing={3}>
        {lists.map(({ cluster, ...asked }) => (
          <Stack key={cluster} spacing={2}>
            {lists.length > 1 && (
              <Stack direction="row" alignItems="center" justifyContent="space-between" gap={1}>
                <Typography component="h2" variant="h6">
                  {cluster}
                </Typography>
                <AddButton cluster={cluster} list={asked.value} />
              </Stack>
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

const addLack = (cluster: string, { mayAdd }: ClusterList): Lack | undefined =>
  mayAdd ? undefined : lackOf(cluster, 'create');

/** Nothing before the list is known, which says whether the person may add a cluster. */
function AddButton({ cluster, list }: { cluster: string; list: ClusterList | undefined }) {
  const { t } = useText();
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      {list && (
        <ActionButton
          icon={addIcon}
          variant="contained"
          text={t('Add a cluster')}
          why={lackText(addLack(cluster, list), t)}
          onClick={() => setAdding(true)}
        />
      )}
      {/* It stays when the session ends and the list is forgotten: a kubeconfig may have been pasted. */}
      {isAdding && <KubeconfigDialog cluster={cluster} onClose={() => setAdding(false)} />}
    </>
  );
}

function Clusters({ cluster, list }: { cluster: string; list: ClusterList }) {
  const { t } = useText();
  const { clusters, mayManage } = list;
  return (
    <Stack spacing={2}>
      <LackNote cluster={cluster} lacks={[addLack(cluster, list)]} />
      {clusters.length === 1 && (
        <Message severity="info">
          {t(
            'NKVM backs up this cluster only. Add the kubeconfig of another cluster to back up its volumes, too.'
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
    </Stack>
  );
}
