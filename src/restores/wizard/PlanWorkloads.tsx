import { Box, Typography } from '@mui/material';
import type { PlanWorkload, RestorePlan } from '../../../sidecar/api';
import { Link } from '../../otherClusters/Link';
import { sentence } from '../../ui/sentence';
import { type Translate, useText } from '../../ui/text';
import { routeOf } from '../../volumes/owners';

/** What is stopped for the restore, and started again. */
export function PlanWorkloads({ cluster, plan }: { cluster: string; plan: RestorePlan }) {
  const { t } = useText();
  const { workloads, claim } = plan;
  if (workloads.length === 0) return null;
  return (
    <section>
      <Typography component="h3" variant="subtitle1" gutterBottom>
        {t('Workloads')}
      </Typography>
      <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
        {workloads.map(workload => (
          <li key={`${workload.kind} ${workload.name}`}>
            <Typography component="span" variant="body2">
              <WorkloadLink cluster={cluster} namespace={claim.namespace} workload={workload} />
              {` ${actionText(workload, t)}`}
            </Typography>
            {workload.obstacle && (
              <Typography variant="body2" color="text.secondary">
                {sentence(workload.obstacle)}
              </Typography>
            )}
          </li>
        ))}
      </Box>
    </section>
  );
}

const GROUPS: Record<string, string> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  Pod: 'v1',
};

interface WorkloadLinkProps {
  cluster: string;
  namespace: string;
  workload: PlanWorkload;
}

function WorkloadLink({ cluster, namespace, workload: { kind, name } }: WorkloadLinkProps) {
  const text = `${kind} ${name}`;
  const routeName = routeOf({ apiVersion: GROUPS[kind] ?? '', kind, name });
  if (!routeName) return <>{text}</>;
  return (
    <Link routeName={routeName} params={{ namespace, name }} activeCluster={cluster}>
      {text}
    </Link>
  );
}

function actionText({ action, replicas }: PlanWorkload, t: Translate): string {
  switch (action) {
    case 'scale':
      return replicas === null
        ? t('is stopped, and started again afterwards')
        : t('is scaled to 0, and back to {{replicas}} afterwards', { replicas });
    case 'suspend':
      return t('is suspended, and resumed afterwards');
    case 'none':
      return t('is not stopped');
  }
}
