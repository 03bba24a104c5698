import { K8s } from '@kinvolk/headlamp-plugin/lib';
import {
  Loader,
  SectionBox,
  SectionFilterHeader,
} from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack } from '@mui/material';
import { useSelector } from 'react-redux';
import { type ClusterVolumes, useVolumes } from '../api/queries';
import { FailureNotice } from '../setup/FailureNotice';
import { SidecarNotice } from '../setup/SidecarNotice';
import { volumesIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { VolumesTable } from './VolumesTable';

/** The view Volumes & Backups: every volume of the selected clusters, how it stands, and what to do about it. */
export function VolumesPage() {
  const { t } = useText();
  const clusters = K8s.useSelectedClusters();
  const selected = useSelectedNamespaces();
  const lists = useVolumes(clusters, useNamespacesAtHand(clusters, selected));
  return (
    <SectionBox title={<SectionFilterHeader title={t('Volumes & Backups')} />}>
      <Lists lists={lists} selected={selected} />
    </SectionBox>
  );
}

/** Headlamp's namespace filter; empty for all namespaces. */
function useSelectedNamespaces(): string[] {
  const namespaces: Set<string> = useSelector(
    (state: { filter: { namespaces: Set<string> } }) => state.filter.namespaces
  );
  return [...namespaces].sort();
}

/** Where a plain user may ask: the namespaces of the filter, or the one that the cluster's configuration names. */
function useNamespacesAtHand(clusters: string[], selected: string[]): string[] {
  const [first] = clusters;
  const configured = K8s.useClustersConf()?.[first ?? '']?.meta_data?.namespace;
  return selected.length > 0 ? selected : [configured ?? 'default'];
}

function Lists({ lists, selected }: { lists: ClusterVolumes[]; selected: string[] }) {
  const { t } = useText();
  const [only, ...others] = lists;
  const rows = lists.flatMap(({ cluster, value = [] }) =>
    value.map(volume => ({ cluster, volume }))
  );
  const shown = selected.length
    ? rows.filter(({ volume }) => selected.includes(volume.namespace))
    : rows;
  const isLoaded = lists.some(({ value }) => value);

  if (!isLoaded)
    return (
      <Stack>
        {lists.map(list => (
          <InPlaceOfList key={list.cluster} {...list} />
        ))}
      </Stack>
    );
  if (only && others.length === 0 && rows.length === 0 && only.closed.length === 0) {
    return (
      <Notice
        icon={volumesIcon}
        title={t('No volumes yet')}
        text={t('As soon as a workload claims storage, its volume shows up here.')}
      />
    );
  }
  return (
    <>
      {lists.map(list => (
        <Warnings key={list.cluster} {...list} />
      ))}
      <VolumesTable
        rows={shown}
        hasClusters={others.length > 0}
        emptyMessage={t('The selected namespaces have no volumes.')}
      />
    </>
  );
}

/** What a cluster shows while it has no list. */
function InPlaceOfList({ cluster, sidecar, failure }: ClusterVolumes) {
  if (sidecar && sidecar.state !== 'ready')
    return <SidecarNotice cluster={cluster} sidecar={sidecar} />;
  if (failure) return <FailureNotice cluster={cluster} failure={failure} />;
  return <Loader title="" />;
}

/** What is wrong with a list that is shown, or missing in it. */
function Warnings({ cluster, sidecar, value, failure, closed }: ClusterVolumes) {
  const { t } = useText();
  const messages = closed.map(({ namespace, message }) => `${namespace}, ${message}`);
  if (sidecar?.state === 'absent') messages.push(t('Backups are not set up in this cluster'));
  else if (failure) messages.push(failure.message);
  else if (sidecar && sidecar.state !== 'ready')
    messages.push(t('The backup service does not answer'));
  if (messages.length === 0) return null;
  return (
    <Message severity="warning" sx={{ mb: 2 }}>
      <strong>{cluster}</strong> {value && t('The list may be out of date or incomplete.')}{' '}
      {messages.join('; ')}
    </Message>
  );
}
