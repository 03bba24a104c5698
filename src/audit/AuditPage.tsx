import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack, Typography } from '@mui/material';
import type { AuditList } from '../../sidecar/api';
import type { AuditFilter } from '../api/clients/auditClient';
import { useAudit } from '../api/queries/auditQueries';
import { LoadOlder } from '../setup/LoadOlder';
import { Shown } from '../setup/Shown';
import { ClearFilters } from '../ui/buttons/ClearFilters';
import { versionsIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { useTimeZone } from '../ui/time/useFormatDate';
import { useUrlParameters } from '../ui/useUrlParameters';
import { AuditActions } from './AuditActions';
import { AuditFilters } from './AuditFilters';
import { AuditTable } from './AuditTable';
import { filterOf, FILTERS, isNarrowed } from './filter';

/** Who has changed or read what, in the selected clusters. For those who may `get audit.nkvm.io`. */
export function AuditPage() {
  const { t } = useText();
  const clusters = K8s.useSelectedClusters();
  const [parameters, change] = useUrlParameters();
  const filter = filterOf(parameters, useTimeZone());
  const clear = () => change(Object.fromEntries(FILTERS.map(name => [name, undefined])));
  return (
    <>
      {clusters.map(cluster => (
        <SectionBox
          key={cluster}
          title={clusters.length > 1 ? `${t('Audit')} · ${cluster}` : t('Audit')}
        >
          <Cluster
            cluster={cluster}
            filter={filter}
            parameters={parameters}
            onChange={change}
            onClear={isNarrowed(filter) ? clear : undefined}
          />
        </SectionBox>
      ))}
    </>
  );
}

interface ClusterProps {
  cluster: string;
  filter: AuditFilter;
  parameters: URLSearchParams;
  onChange(changes: Record<string, string | undefined>): void;
  onClear?(): void;
}

function Cluster({ cluster, filter, parameters, onChange, onClear }: ClusterProps) {
  const { t } = useText();
  const { loadOlder, ...asked } = useAudit(cluster, filter);
  return (
    <Stack spacing={2}>
      <Typography variant="body2" color="text.secondary">
        {t(
          'Every call to NKVM that changes or reads data, with its caller and its result. Schedules, labels and Secrets are changed in Kubernetes, and are in the audit log of the API server.'
        )}
      </Typography>
      <AuditFilters
        parameters={parameters}
        actions={asked.value?.actions ?? []}
        onChange={onChange}
      />
      <Shown cluster={cluster} asked={asked}>
        {list => (
          <Stack spacing={2}>
            <AuditActions cluster={cluster} filter={filter} />
            <Entries list={list} onClear={onClear} />
            {loadOlder && <LoadOlder loadOlder={loadOlder} isOfRows />}
          </Stack>
        )}
      </Shown>
    </Stack>
  );
}

function Entries({ list, onClear }: { list: AuditList; onClear?(): void }) {
  const { t } = useText();
  if (list.entries.length > 0) return <AuditTable entries={list.entries} />;
  return (
    <Notice
      icon={versionsIcon}
      title={onClear ? t('No entry matches the filters') : t('No entries yet')}
      text={
        onClear
          ? t('There may be entries of other people, actions, volumes or times.')
          : t('The first call that changes or reads data is shown here.')
      }
    >
      {onClear && <ClearFilters onClear={onClear} />}
    </Notice>
  );
}
