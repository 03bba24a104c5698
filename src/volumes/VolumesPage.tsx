import { K8s } from '@kinvolk/headlamp-plugin/lib';
import {
  Loader,
  SectionBox,
  SectionFilterHeader,
} from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack } from '@mui/material';
import { useMemo } from 'react';
import { useSelector } from 'react-redux';
import { type ClusterVolumes, LiveCluster, useVolumes } from '../api/queries';
import { Stale } from '../setup/Shown';
import { TroubleNotice } from '../setup/TroubleNotice';
import { troubleText } from '../setup/troubleText';
import { volumesIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { Notice } from '../ui/Notice';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { allowedNamespaces, namespacesAtHand } from './namespacesAtHand';
import { rowOf } from './row';
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

/** Headlamp's namespace filter; empty for all namespaces. */
function useSelectedNamespaces(): string[] {
  const namespaces: Set<string> = useSelector(
    (state: { filter: { namespaces: Set<string> } }) => state.filter.namespaces
  );
  return useMemo(() => [...namespaces].sort(), [namespaces]);
}

function useNamespacesAtHand(selected: string[]): (cluster: string) => string[] {
  const configuration = K8s.useClustersConf();
  return cluster =>
    namespacesAtHand(
      selected,
      allowedNamespaces(cluster),
      configuration?.[cluster]?.meta_data?.namespace
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
        <Warnings {...only} isNamed={false} />
        <Notice
          icon={volumesIcon}
          title={t('No volumes yet')}
          text={t('As soon as a workload claims storage, its volume is shown here.')}
        />
      </>
    );
  }
  return (
    <>
      {lists.map(list => (
        <Warnings key={list.cluster} {...list} isNamed={others.length > 0} />
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

/** What is wrong with a list that is shown, or missing in it. */
function Warnings({
  cluster,
  value,
  trouble,
  closed,
  incomplete,
  stale,
  isNamed,
}: ClusterVolumes & { isNamed: boolean }) {
  const { t } = useText();
  const name = isNamed && (
    <>
      <strong>{cluster}</strong>
      {' · '}
    </>
  );
  return (
    <>
      {trouble && value && <Stale cluster={cluster} trouble={trouble} isNamed={isNamed} />}
      {trouble && !value && (
        <Message severity="warning" sx={{ mb: 2 }}>
          {name}
          {Object.values(troubleText(trouble, t)).join('. ')}
        </Message>
      )}
      {closed.length > 0 && (
        <Message severity="warning" sx={{ mb: 2 }}>
          {name}
          {closed.map(({ namespace, trouble }) => {
            const { title, text } = troubleText(trouble, t);
            return (
              <div key={namespace}>
                <strong>{namespace}</strong> {`${title}. ${text}`}
              </div>
            );
          })}
        </Message>
      )}
      {stale.length > 0 && (
        <Message severity="warning" sx={{ mb: 2 }}>
          {name}
          {[t('The data below may be out of date.'), ...stale.map(sentence)].join(' ')}
        </Message>
      )}
      {incomplete && (
        <Message severity="warning" sx={{ mb: 2 }}>
          {name}
          {t('This list is incomplete. There are more namespaces than could be checked.')}
        </Message>
      )}
    </>
  );
}
