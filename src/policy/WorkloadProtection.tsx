import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import { useNamespaceVolumes } from '../api/queries/policyQueries';
import { Link } from '../otherClusters/Link';
import { NAMESPACE_PARAMETER, VOLUME_ROUTE, VOLUMES_ROUTE } from '../routes';
import { Shown } from '../setup/Shown';
import { type PlainColumn, PlainTable } from '../ui/PlainTable';
import { useText } from '../ui/text';
import { Until } from '../ui/time/Until';
import { useNow } from '../ui/time/useNow';
import { type Planned, protectionOf } from '../volumes/protection';
import { ProtectionBadge } from '../volumes/ProtectionBadge';
import { plannedOf, usedBy } from './counts';
import { scheduleTitle } from './scheduleText';

interface WorkloadProtectionProps {
  cluster: string;
  workload: { kind: string; namespace: string; name: string };
}

const MINUTE_MS = 60_000;

/** On the page of a workload: the states of the volumes that it uses. Nothing where it uses none. */
export function WorkloadProtection({ cluster, workload }: WorkloadProtectionProps) {
  const { t } = useText();
  const nowMs = useNow(MINUTE_MS);
  const { namespace } = workload;
  const asked = useNamespaceVolumes(cluster, namespace);
  const used = asked.value
    ? usedBy(plannedOf(asked.value.volumes, asked.value.policies?.volumes), workload)
    : undefined;
  // Most workloads have no volumes: nothing is said before it is known that this one has.
  if (!used?.length) return null;
  const hasPolicies = !!asked.value?.policies;
  const columns: PlainColumn<Planned>[] = [
    {
      id: 'volume',
      label: t('Volume'),
      cell: ({ volume: { name } }) => (
        <Link routeName={VOLUME_ROUTE.name} params={{ namespace, name }} activeCluster={cluster}>
          {name}
        </Link>
      ),
    },
    {
      id: 'state',
      label: t('State'),
      cell: ({ volume, policy }) => (
        <ProtectionBadge protection={protectionOf(volume, nowMs, policy)} />
      ),
    },
    {
      id: 'schedule',
      label: t('Schedule'),
      cell: ({ policy }) =>
        policy?.schedule ? scheduleTitle(policy.schedule, t) : t('No schedule'),
    },
    {
      id: 'next',
      label: t('Next backup'),
      cell: ({ policy }) =>
        policy?.nextRunAt && !policy.suspended ? <Until date={policy.nextRunAt} /> : '–',
    },
  ];
  return (
    <SectionBox title={t('Backups')}>
      <Shown cluster={cluster} asked={asked} isPart namespace={namespace}>
        {() => (
          <>
            <PlainTable
              label={t('Volumes of {{name}}', { name: workload.name })}
              rows={used}
              rowKey={({ volume }) => volume.uid}
              columns={hasPolicies ? columns : columns.slice(0, 2)}
            />
            <Box sx={{ mt: 1 }}>
              <Link
                routeName={VOLUMES_ROUTE.name}
                search={{ [NAMESPACE_PARAMETER]: namespace }}
                activeCluster={cluster}
              >
                {t('All volumes of the namespace')}
              </Link>
            </Box>
          </>
        )}
      </Shown>
    </SectionBox>
  );
}
