import {
  Loader,
  SectionBox,
  SectionFilterHeader,
} from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Chip, Stack } from '@mui/material';
import { useMemo } from 'react';
import { type ClusterPolicies, usePolicies } from '../api/queries/policyQueries';
import { type ClusterVolumes, LiveCluster, useVolumes } from '../api/queries/queries';
import { useClusterRefs } from '../otherClusters/useClusterRefs';
import { isPending, type Pending, PendingRestores } from '../policy/PendingRestores';
import { STATE_PARAMETER } from '../routes';
import { ListWarnings } from '../setup/ListWarnings';
import { TroubleNotice } from '../setup/TroubleNotice';
import { volumesIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { nowMs } from '../ui/time/clock';
import { useUrlParameters } from '../ui/useUrlParameters';
import { type Protection, protectionOf, PROTECTIONS } from './protection';
import { protectionText } from './ProtectionBadge';
import { type Row, rowOf } from './row';
import { useNamespacesAtHand } from './useNamespaces';
import { VolumesTable } from './VolumesTable';

/** The view Volumes & Backups: every volume of the selected clusters, its state, and what to do about it. */
export function VolumesPage() {
  const { t } = useText();
  const { clusters, namespaces: selected, header } = useClusterRefs();
  const namespacesOf = useNamespacesAtHand(selected);
  const lists = useVolumes(clusters, namespacesOf);
  const policies = usePolicies(clusters, namespacesOf);
  return (
    <SectionBox title={<SectionFilterHeader title={t('Volumes & Backups')} {...header} />}>
      {clusters.map(cluster => (
        <LiveCluster key={cluster} cluster={cluster} namespaces={namespacesOf(cluster)} />
      ))}
      <Lists lists={lists} policies={policies} selected={selected} />
    </SectionBox>
  );
}

interface ListsProps {
  lists: ClusterVolumes[];
  policies: ClusterPolicies[];
  selected: string[];
}

function Lists({ lists, policies, selected }: ListsProps) {
  const { t } = useText();
  const [only, ...others] = lists;
  const [state, clearState] = useStateFilter();
  const all = useShown(lists, policies, selected);
  const shown = useOfState(all, state);
  // Schedules come a moment later. Rows that grow then would move away below the mouse.
  const isLoaded = lists.some(
    ({ cluster, value }) =>
      value && policies.some(of => of.cluster === cluster && (of.value !== undefined || of.trouble))
  );
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
      <PendingRestores pending={pendingOf(policies, selected)} />
      {state && (
        <Chip
          label={t('Only {{state}}', { state: protectionText(state, t) })}
          onDelete={clearState}
          sx={{ mb: 1 }}
        />
      )}
      <VolumesTable
        rows={shown}
        hasClusters={others.length > 0}
        emptyMessage={
          state
            ? t('No volume has this state.')
            : isWhole
            ? t('The selected namespaces have no volumes.')
            : t('No volumes to show. Not all namespaces could be read.')
        }
      />
    </>
  );
}

/** @returns the same array as long as the volumes and what is planned for them are the same. */
function useShown(lists: ClusterVolumes[], policies: ClusterPolicies[], selected: string[]): Row[] {
  return useMemo(
    () =>
      lists.flatMap(({ cluster, value = [] }) => {
        const found = policies.find(each => each.cluster === cluster)?.value?.volumes ?? [];
        const planned = new Map(found.map(policy => [policy.uid, policy]));
        return value
          .filter(({ namespace }) => selected.length === 0 || selected.includes(namespace))
          .map(volume => rowOf(cluster, volume, planned.get(volume.uid)));
      }),
    // Clusters and their volumes, one after another: the lists around them are new each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [
      selected,
      lists.length,
      ...lists.flatMap(({ cluster, value }) => [cluster, value]),
      ...policies.map(({ value }) => value),
    ]
  );
}

/** @returns the rows that have a state; the same array as long as they are the same. */
function useOfState(rows: Row[], state: Protection | undefined): Row[] {
  return useMemo(() => {
    const now = nowMs();
    return state
      ? rows.filter(({ volume, policy }) => protectionOf(volume, now, policy) === state)
      : rows;
  }, [rows, state]);
}

/** The state of the address, e.g. `?state=overdue`, and how to see all volumes again. */
function useStateFilter(): [Protection | undefined, () => void] {
  const [parameters, change] = useUrlParameters();
  const state = PROTECTIONS.find(each => each === parameters.get(STATE_PARAMETER));
  return [state, () => change({ [STATE_PARAMETER]: undefined }, true)];
}

const pendingOf = (policies: ClusterPolicies[], selected: string[]): Pending[] =>
  policies.flatMap(({ cluster, value }) =>
    (value?.volumes ?? [])
      .filter(({ namespace }) => selected.length === 0 || selected.includes(namespace))
      .filter(isPending)
      .map(policy => ({ cluster, policy }))
  );
