import { Link, type TableColumn } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { CLAIM_ROUTE } from '../routes';
import { formatBytes } from '../ui/bytes';
import { type Translate } from '../ui/text';
import { LastBackup } from './LastBackup';
import { NextStep, nextStepText } from './NextStep';
import { nextStepOf } from './nextStep';
import { Owners } from './Owners';
import { ownerText } from './owners';
import { protectionOf } from './protection';
import { ProtectionBadge, protectionText } from './ProtectionBadge';
import { bytesOf, type Row } from './row';

/**
 * The columns of the list. Headlamp's table draws a cell again only when the value of its accessor changes, so that a
 * value holds whatever its cell shows.
 */
export function volumeColumns(t: Translate, language?: string): TableColumn<Row>[] {
  return [
    {
      id: 'volume',
      header: t('Volume'),
      gridTemplate: 'auto',
      accessorFn: ({ volume }) => volume.name,
      Cell: ({ row: { original } }) => <VolumeLink {...original} />,
    },
    {
      id: 'namespace',
      header: t('Namespace'),
      gridTemplate: 'auto',
      filterVariant: 'multi-select',
      accessorFn: ({ volume }) => volume.namespace,
      Cell: ({ row: { original } }) => <NamespaceLink {...original} />,
    },
    {
      id: 'cluster',
      header: t('Cluster'),
      gridTemplate: 'min-content',
      filterVariant: 'multi-select',
      accessorFn: ({ cluster }) => cluster,
    },
    {
      id: 'owner',
      header: t('Owner'),
      gridTemplate: 'auto',
      accessorFn: ({ volume }) => ownerText(volume.owner),
      Cell: ({ row: { original } }) => <Owners {...original} />,
    },
    {
      id: 'size',
      header: t('Size'),
      gridTemplate: 'max-content',
      enableColumnFilter: false,
      enableGlobalFilter: false,
      accessorFn: bytesOf,
      Cell: ({ row: { original } }) => <>{formatBytes(bytesOf(original), language)}</>,
    },
    {
      id: 'lastBackup',
      header: t('Last backup'),
      gridTemplate: 'auto',
      enableColumnFilter: false,
      enableGlobalFilter: false,
      sortDescFirst: true,
      accessorFn: ({ volume: { lastBackup } }) =>
        lastBackup
          ? `${lastBackup.endedAt ?? lastBackup.createdAt} ${lastBackup.status} ${lastBackup.id}`
          : '',
      Cell: ({ row: { original } }) => <LastBackup {...original} />,
    },
    {
      id: 'state',
      header: t('State'),
      gridTemplate: 'max-content',
      filterVariant: 'multi-select',
      accessorFn: ({ volume }) => protectionText(protectionOf(volume), t),
      Cell: ({ row: { original } }) => (
        <ProtectionBadge protection={protectionOf(original.volume)} />
      ),
    },
    {
      id: 'nextStep',
      header: t('Next step'),
      gridTemplate: 'auto',
      enableColumnFilter: false,
      enableGlobalFilter: false,
      accessorFn: ({ volume }) => {
        const step = nextStepOf(volume);
        return `${nextStepText(step, t)} ${step.kind === 'watch' ? step.id : ''}`;
      },
      Cell: ({ row: { original } }) => <NextStep {...original} />,
    },
  ];
}

function VolumeLink({ cluster, volume: { namespace, name } }: Row) {
  return (
    <Link routeName={CLAIM_ROUTE} params={{ namespace, name }} activeCluster={cluster}>
      {name}
    </Link>
  );
}

function NamespaceLink({ cluster, volume: { namespace } }: Row) {
  return (
    <Link routeName="namespace" params={{ name: namespace }} activeCluster={cluster}>
      {namespace}
    </Link>
  );
}
