import { Box, Tooltip, Typography } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { lackText, TO_READ, useLackInList } from '../../access/useLack';
import { refText } from '../../api/clusterRef';
import { Link } from '../../otherClusters/Link';
import { isRestorable } from '../../restores/sources';
import { NAMESPACE_ROUTE, VOLUME_ROUTE } from '../../routes';
import { formatBytes } from '../../ui/bytes';
import { type PlainColumn, PlainTable } from '../../ui/PlainTable';
import { useText } from '../../ui/text';
import { Ago } from '../../ui/time/Ago';
import { useIsNarrow } from '../../ui/useIsNarrow';
import { BackupBadge } from '../BackupBadge';
import { chainText } from '../chainText';
import type { ClaimState } from '../claim/claimState';
import { ArchiveActions } from '../copies/ArchiveActions';
import { ArchiveProof } from '../copies/ArchiveProof';
import { hasArchive } from '../copies/archiveState';
import { CopyPlaces } from '../copies/CopyPlaces';
import { RunLink } from '../RunLink';

export interface BackupRow {
  cluster: string;
  run: Backup;
  claim: ClaimState;
}

interface BackupsTableProps {
  /** Newest first. */
  rows: BackupRow[];
  /** More than one cluster is shown. */
  hasClusters: boolean;
}

/** Runs of many volumes. In narrower windows, what is less important goes below what is more. */
export function BackupsTable({ rows, hasClusters }: BackupsTableProps) {
  const { t, language } = useText();
  const isMedium = useIsNarrow('lg');
  const isNarrow = useIsNarrow();
  const sizeOf = ({ run }: BackupRow) =>
    (run.status === 'success' || isRestorable(run)) && run.bytes !== null
      ? formatBytes(run.bytes, language)
      : '';

  const column: Record<string, PlainColumn<BackupRow>> = {
    volume: {
      id: 'volume',
      label: t('Volume'),
      cell: row => (
        <>
          <VolumeName {...row} />
          {isMedium && (
            <Lesser>
              {hasClusters ? `${refText(row.cluster)} · ${row.run.namespace}` : row.run.namespace}
            </Lesser>
          )}
          {isNarrow && (
            <>
              <Lesser>
                <Started {...row} />
                {sizeOf(row) && ` · ${sizeOf(row)}`}
              </Lesser>
              <Box sx={{ display: 'inline-block', mt: 0.5 }}>
                <Status {...row} />
              </Box>
            </>
          )}
        </>
      ),
    },
    cluster: { id: 'cluster', label: t('Cluster'), cell: ({ cluster }) => refText(cluster) },
    namespace: {
      id: 'namespace',
      label: t('Namespace'),
      cell: ({ cluster, run: { namespace } }) => (
        <Link routeName={NAMESPACE_ROUTE} params={{ name: namespace }} activeCluster={cluster}>
          {namespace}
        </Link>
      ),
    },
    started: { id: 'started', label: t('Started'), cell: row => <Started {...row} /> },
    status: {
      id: 'status',
      label: t('Status'),
      isTight: true,
      cell: row => <Status {...row} />,
    },
    size: {
      id: 'size',
      label: t('Size'),
      isTight: true,
      isRight: true,
      cell: row => (
        <>
          {sizeOf(row)}
          {sizeOf(row) && <Lesser>{chainText(row.run, t)}</Lesser>}
        </>
      ),
    },
    proof: {
      id: 'proof',
      label: t('Proof'),
      cell: ({ run }) => (
        <>
          <ArchiveProof backup={run} />
          <CopyPlaces backup={run} />
        </>
      ),
    },
    actions: {
      id: 'actions',
      label: t('Actions'),
      isUnlabelled: true,
      isTight: true,
      cell: row => <Actions {...row} />,
    },
  };
  const shown = isNarrow
    ? ['volume', 'actions']
    : isMedium
    ? ['volume', 'started', 'status', 'size', 'proof', 'actions']
    : [
        'volume',
        'namespace',
        ...(hasClusters ? ['cluster'] : []),
        'started',
        'status',
        'size',
        'proof',
        'actions',
      ];
  return (
    <PlainTable
      label={t('Backups')}
      columns={shown.map(id => column[id]!)}
      rows={rows}
      rowKey={({ cluster, run }) => `${cluster}/${run.id}`}
    />
  );
}

const Status = ({ run, claim }: BackupRow) => (
  <BackupBadge backup={run} isEarlier={claim === 'replaced'} />
);

/** Of a run without an archive, there is nothing to ask. */
const NO_CLAIM = { namespace: '' };

function Actions({ cluster, run }: BackupRow) {
  const { t } = useText();
  const lack = useLackInList(cluster, hasArchive(run) ? run : NO_CLAIM, TO_READ);
  return <ArchiveActions cluster={cluster} backup={run} why={lackText(lack, t)} />;
}

function Lesser({ children }: { children: React.ReactNode }) {
  return (
    <Typography component="div" variant="caption" color="text.secondary">
      {children}
    </Typography>
  );
}

function Started({ cluster, run: { id, namespace, createdAt } }: BackupRow) {
  return (
    <RunLink cluster={cluster} id={id} namespace={namespace}>
      <Ago date={createdAt} />
    </RunLink>
  );
}

/** Our page of a volume shows the backups of one that is gone, too. */
function VolumeName({ cluster, run: { namespace, name }, claim }: BackupRow) {
  const { t } = useText();
  const link = (
    <Link routeName={VOLUME_ROUTE.name} params={{ namespace, name }} activeCluster={cluster}>
      {name}
    </Link>
  );
  if (claim === 'live' || claim === 'unknown') return link;
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1 }}>
      {link}
      <Tooltip
        describeChild
        enterTouchDelay={0}
        title={
          claim === 'gone'
            ? t('The volume was deleted. Its backups are kept.')
            : t('The volume of this run was deleted. Another volume has its name now.')
        }
      >
        <Typography component="span" variant="body2" color="text.secondary" tabIndex={0}>
          {claim === 'gone' ? t('Deleted') : t('Earlier volume')}
        </Typography>
      </Tooltip>
    </Box>
  );
}
