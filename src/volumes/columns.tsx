import { type TableColumn } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, type SxProps, type Theme, Typography } from '@mui/material';
import { refText } from '../api/clusterRef';
import { nextStepOf } from '../backups/run/nextStep';
import { Action, actionText } from '../backups/start/Action';
import { Link } from '../otherClusters/Link';
import { NAMESPACE_ROUTE, VOLUME_ROUTE } from '../routes';
import { visuallyHidden } from '../ui/Announcement';
import { formatBytes } from '../ui/bytes';
import { type Translate } from '../ui/text';
import { useIsNarrow } from '../ui/useIsNarrow';
import { Owners } from './Owners';
import { ownerText } from './owners';
import { byUrgency, protectionOf } from './protection';
import { protectionText } from './ProtectionBadge';
import { bytesOf, type Row } from './row';
import { RowMenu } from './RowMenu';
import { useFreshRow } from './rows';
import { StateCell } from './StateCell';

type Column = TableColumn<Row> & {
  /** Headlamp's table hides columns that do not fit, those with the lowest number first; the first column never. */
  responsivePriority?: number;
};

/** On a phone there is room for the button, but not for the head above it: that is read out only. */
const hiddenOnPhones: SxProps<Theme> = ({ breakpoints }) => ({
  [breakpoints.down('sm')]: visuallyHidden,
});

/** Padding at both sides of a cell. */
const CELL_PX = { xs: 0.5, sm: 1 };

/**
 * Narrow paddings, and heads that wrap: else Headlamp's table, which counts 100 px for each column, shows more of them
 * than there is room for, and the last one is out of sight. What Headlamp sets itself has to be repeated.
 */
const compact = (column: Column): Column => ({
  ...column,
  Header: (
    <Box component="span" sx={column.id === 'nextStep' ? hiddenOnPhones : { whiteSpace: 'normal' }}>
      {column.header}
    </Box>
  ),
  muiTableHeadCellProps: {
    sx: {
      px: CELL_PX,
      width: 'unset',
      minWidth: 'unset',
      '.MuiTableSortLabel-icon': { margin: 0, width: '14px', height: '14px', marginTop: '-2px' },
    },
  },
  muiTableBodyCellProps: {
    sx: { px: CELL_PX, whiteSpace: 'normal', width: 'unset', minWidth: 'unset' },
  },
});

export interface ColumnsOf {
  t: Translate;
  language?: string;
  /** More than one cluster is shown. */
  hasClusters: boolean;
  /** Decides which backups are old. */
  nowMs: number;
}

/**
 * The columns of the list. Headlamp's table draws a cell again only when the value of its accessor changes, so that a
 * value holds whatever its cell shows.
 */
export function volumeColumns({ t, language, hasClusters, nowMs }: ColumnsOf): Column[] {
  const cluster: Column = {
    id: 'cluster',
    header: t('Cluster'),
    gridTemplate: 'min-content',
    filterVariant: 'multi-select',
    sortingFn: 'basic',
    responsivePriority: 4,
    accessorFn: ({ cluster }) => refText(cluster),
  };
  const stateOf = ({ volume, policy }: Row): string =>
    protectionText(protectionOf(volume, nowMs, policy), t);
  const columns: Column[] = [
    {
      id: 'volume',
      header: t('Volume'),
      gridTemplate: 'auto',
      sortingFn: 'basic',
      accessorFn: ({ volume }) => volume.name,
      Cell: ({ row: { original } }) => <VolumeName {...original} hasClusters={hasClusters} />,
    },
    {
      id: 'namespace',
      header: t('Namespace'),
      gridTemplate: 'auto',
      filterVariant: 'multi-select',
      sortingFn: 'basic',
      responsivePriority: 3,
      accessorFn: ({ volume }) => volume.namespace,
      Cell: ({ row: { original } }) => <NamespaceLink {...original} />,
    },
    ...(hasClusters ? [cluster] : []),
    {
      id: 'owner',
      header: t('Used by'),
      gridTemplate: 'auto',
      sortingFn: 'basic',
      responsivePriority: 2,
      accessorFn: ({ volume }) => ownerText(volume.owner),
      Cell: ({ row: { original } }) => <Owners {...original} />,
    },
    {
      id: 'size',
      header: t('Size'),
      gridTemplate: 'max-content',
      enableColumnFilter: false,
      enableGlobalFilter: false,
      sortingFn: 'basic',
      responsivePriority: 1,
      accessorFn: bytesOf,
      Cell: ({ row: { original } }) => <>{formatBytes(bytesOf(original), language)}</>,
    },
    {
      id: 'state',
      header: t('State'),
      gridTemplate: 'auto',
      filterVariant: 'multi-select',
      // The most urgent ones first.
      sortDescFirst: false,
      sortingFn: ({ original: one }, { original: other }) => byUrgency(one, other, nowMs),
      responsivePriority: 6,
      accessorFn: stateOf,
      Cell: ({ row: { original } }) => <StateCell row={original} nowMs={nowMs} />,
    },
    {
      id: 'nextStep',
      header: t('Actions'),
      gridTemplate: 'max-content',
      enableColumnFilter: false,
      enableGlobalFilter: false,
      enableSorting: false,
      responsivePriority: 7,
      accessorFn: row => {
        const step = nextStepOf(row.volume);
        return [actionText(step, t, stateOf(row)), step.kind === 'watch' ? step.id : ''].join(' ');
      },
      Cell: ({ row: { original } }) => <Actions row={original} beside={stateOf(original)} />,
    },
  ];
  return columns.map(compact);
}

/** In a narrow window there is no column of namespaces: they stand below the names. */
function VolumeName({ cluster, volume, hasClusters }: Row & { hasClusters: boolean }) {
  const { namespace, name } = volume;
  const isNarrow = useIsNarrow();
  return (
    <Box sx={{ overflowWrap: 'anywhere' }}>
      <Link routeName={VOLUME_ROUTE.name} params={{ namespace, name }} activeCluster={cluster}>
        {name}
      </Link>
      {isNarrow && (
        <Typography component="div" variant="caption" color="text.secondary">
          {hasClusters ? `${refText(cluster)} · ${namespace}` : namespace}
        </Typography>
      )}
    </Box>
  );
}

function Actions({ row, beside }: { row: Row; beside: string }) {
  const fresh = useFreshRow(row);
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', justifyContent: 'flex-end' }}>
      <Action {...fresh} beside={beside} isCompact />
      <RowMenu {...fresh} />
    </Box>
  );
}

function NamespaceLink({ cluster, volume: { namespace } }: Row) {
  return (
    <Link routeName={NAMESPACE_ROUTE} params={{ name: namespace }} activeCluster={cluster}>
      {namespace}
    </Link>
  );
}
