import { K8s } from '@kinvolk/headlamp-plugin/lib';
import {
  Loader,
  SectionBox,
  SectionFilterHeader,
} from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack } from '@mui/material';
import { useMemo } from 'react';
import { type ClusterVolumes, LiveCluster, useVolumes } from '../api/queries';
import { ListWarnings } from '../setup/ListWarnings';
import { TroubleNotice } from '../setup/TroubleNotice';
import { volumesIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { rowOf } from './row';
import { useNamespacesAtHand, useSelectedNamespaces } from './useNamespaces';
import { VolumesTable } from './VolumesTable';

/** The view Volumes & Backups: every volume of the selected clusters, how it stands, and what to do about it. */
export function VolumesPage() {
  const { t } = useText();
  const clusters = K8s.useSelectedClusters();
  const selected = useSelectedNamespaces();
  const namespacesOf = useNamespacesAtHand(selected);
  const lists = useVolumes(clusters, namespacesOf);
  return (
    <SectionBox title={<SectionFilterHeader title={t('Volumes & Backups')} />}>
      {clusters.map(cluster => (
        <LiveCluster key={cluster} cluster={cluster} namespaces={namespacesOf(cluster)} />
      ))}
      <Lists lists={lists} selected={selected} />
    </SectionBox>
  );
}

function Lists({ lists, selected }: { lists: ClusterVolumes[]; selected: string[] }) {
  const { t } = useText();
  const [only, ...others] = lists;
  const shown = useShown(lists, selected);
  const isLoaded = lists.some(({ value }) => value);
  const isWhole = lists.every(
    ({ value, closed, incomplete }) => value && closed.length === 0 && !incomplete
  );

  if (!isLoaded) {
    return (
      <Stack>
        {lists.map(({ cluster, trouble }) =>
          trouble ? (
            <TroubleNotice key={cluster} cluster={cluster} trouble={trouble} />
          ) : (
            <Loader key={cluster} title="" />
          )
        )}
      </Stack>
    );
  }
  const isEmpty = lists.every(({ value }) => value?.length === 0);
  if (only && others.length === 0 && isEmpty && isWhole && selected.length === 0) {
    return (
      <>
        <ListWarnings {...only} isLoaded isNamed={false} />
        <Notice
          icon={volumesIcon}
          title={t('No volumes yet')}
          text={t('A volume appears here when a workload claims storage.')}
        />
      </>
    );
  }
  return (
    <>
      {lists.map(list => (
        <ListWarnings
          key={list.cluster}
          {...list}
          isLoaded={!!list.value}
          isNamed={others.length > 0}
        />
      ))}
      <VolumesTable
        rows={shown}
        hasClusters={others.length > 0}
        emptyMessage={
          isWhole
            ? t('The selected namespaces have no volumes.')
            : t('No volumes to show. Not all namespaces could be read.')
        }
      />
    </>
  );
}

/** @returns the same array as long as the volumes are the same. */
function useShown(lists: ClusterVolumes[], selected: string[]) {
  return useMemo(
    () =>
      lists.flatMap(({ cluster, value = [] }) =>
        value
          .filter(({ namespace }) => selected.length === 0 || selected.includes(namespace))
          .map(volume => rowOf(cluster, volume))
      ),
    // Clusters and their volumes, one after another: the lists around them are new each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [selected, lists.length, ...lists.flatMap(({ cluster, value }) => [cluster, value])]
  );
}
