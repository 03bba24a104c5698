import {
  Link,
  Loader,
  SectionBox,
  SectionFilterHeader,
} from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack } from '@mui/material';
import { STATUSES } from '../../../sidecar/api/names.ts';
import {
  type BackupFilter,
  type ClusterBackups,
  useBackupLists,
} from '../../api/queries/backupLists';
import { useDestinationLists } from '../../api/queries/destinationQueries';
import { type ClusterVolumes, LiveCluster, useVolumes } from '../../api/queries/queries';
import { useClusterRefs } from '../../otherClusters/useClusterRefs';
import { VOLUMES_ROUTE } from '../../routes';
import { ListWarnings } from '../../setup/ListWarnings';
import { LoadOlder } from '../../setup/LoadOlder';
import { TroubleNotice } from '../../setup/TroubleNotice';
import { ClearFilters } from '../../ui/buttons/ClearFilters';
import { backupsIcon } from '../../ui/icons';
import { Notice } from '../../ui/Notice';
import { useText } from '../../ui/text';
import { useUrlParameters } from '../../ui/useUrlParameters';
import { useNamespacesAtHand } from '../../volumes/useNamespaces';
import { claimStateOf } from '../claim/claimState';
import { DestinationFilter, StatusFilter, VolumeFilter } from './BackupFilters';
import { type BackupRow, BackupsTable } from './BackupsTable';
import { holdingBack, merged } from './listed';

/** Backups of all volumes of the selected clusters, also of deleted volumes. */
export function BackupsPage() {
  const { t } = useText();
  const { clusters, namespaces: selected, header } = useClusterRefs();
  const namespacesOf = useNamespacesAtHand(selected);
  const [parameters, change] = useUrlParameters();
  const filter: BackupFilter = {
    name: parameters.get('name') ?? undefined,
    status: STATUSES.find(each => each === parameters.get('status')),
    destination: parameters.get('destination') ?? undefined,
  };
  const lists = useBackupLists(
    clusters,
    cluster => ({ selected, atHand: namespacesOf(cluster) }),
    filter
  );
  const volumes = useVolumes(clusters, namespacesOf);
  const names = volumes.flatMap(({ value = [] }) => value.map(({ name }) => name));
  const destinations = useDestinationLists(clusters, cluster => namespacesOf(cluster)[0]);
  const isNarrowed = !!filter.name || !!filter.status || !!filter.destination;
  return (
    <SectionBox
      title={
        <SectionFilterHeader
          title={t('Backups')}
          {...header}
          actions={[
            ...header.actions,
            <VolumeFilter
              key="volume"
              value={filter.name}
              names={[...names, ...lists.flatMap(({ value = [] }) => value.map(run => run.name))]}
              onChange={name => change({ name })}
            />,
            <StatusFilter
              key="status"
              value={filter.status}
              onChange={status => change({ status })}
            />,
            <DestinationFilter
              key="destination"
              value={filter.destination}
              names={destinations.flatMap(
                ({ value }) => value?.destinations.map(({ name }) => name) ?? []
              )}
              onChange={destination => change({ destination })}
            />,
          ]}
        />
      }
    >
      {clusters.map(cluster => (
        <LiveCluster key={cluster} cluster={cluster} namespaces={namespacesOf(cluster)} />
      ))}
      <Lists
        lists={lists}
        volumes={volumes}
        isFiltered={selected.length > 0 || isNarrowed}
        onClear={
          isNarrowed
            ? () => change({ name: undefined, status: undefined, destination: undefined })
            : undefined
        }
      />
    </SectionBox>
  );
}

interface ListsProps {
  lists: ClusterBackups[];
  volumes: ClusterVolumes[];
  isFiltered: boolean;
  /** Removes our own filters; undefined where there are none. */
  onClear?(): void;
}

function Lists({ lists, volumes, isFiltered, onClear }: ListsProps) {
  const hasClusters = lists.length > 1;
  if (!lists.some(({ value }) => value)) {
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
  const loaded = lists.map(({ cluster, value = [], loadOlder }, index) => ({
    runs: value.map((run): BackupRow & { id: string } => ({
      id: run.id,
      cluster,
      run,
      claim: claimStateOf(run, volumes[index]!),
    })),
    hasMore: loadOlder !== undefined,
    loadOlder,
  }));
  const { runs: rows, hasMore } = merged(loaded);
  const loadOlder = async () => {
    await Promise.all(holdingBack(loaded).map(each => each.loadOlder?.()));
  };
  const isWhole = lists.every(
    ({ value, closed, incomplete }) => value && closed.length === 0 && !incomplete
  );
  return (
    <>
      {lists.map(list => (
        <ListWarnings
          key={list.cluster}
          {...list}
          isLoaded={!!list.value}
          isNamed={lists.length > 1}
        />
      ))}
      {rows.length > 0 ? (
        <BackupsTable rows={rows} hasClusters={hasClusters} />
      ) : (
        <NoBackups isFiltered={isFiltered} isWhole={isWhole} onClear={onClear} />
      )}
      {hasMore && <LoadOlder loadOlder={loadOlder} />}
    </>
  );
}

interface NoBackupsProps {
  isFiltered: boolean;
  /** All that there is was looked at. */
  isWhole: boolean;
  onClear?(): void;
}

function NoBackups({ isFiltered, isWhole, onClear }: NoBackupsProps) {
  const { t } = useText();
  if (!isWhole) {
    return (
      <Notice
        icon={backupsIcon}
        title={t('No backups to show')}
        text={t('Not all namespaces could be read.')}
      />
    );
  }
  return isFiltered ? (
    <Notice
      icon={backupsIcon}
      title={t('No backup matches the filters')}
      text={t('There may be backups of other volumes, namespaces or states.')}
    >
      {onClear && <ClearFilters onClear={onClear} />}
    </Notice>
  ) : (
    <Notice
      icon={backupsIcon}
      title={t('No backups yet')}
      text={t('Start one in the list of volumes. A backup stays here after its volume is deleted.')}
    >
      <Link routeName={VOLUMES_ROUTE.name}>{t('Volumes & Backups')}</Link>
    </Notice>
  );
}
