import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Stack, Typography } from '@mui/material';
import { BACKUP_LABEL, SUSPEND_ANNOTATION } from '../../sidecar/api/names.ts';
import { AccessLink } from '../access/AccessLink';
import { LackNote } from '../access/LackNote';
import { useOwnLack } from '../access/useLack';
import { toChange, useMetadata } from '../api/objects';
import { type NamespaceVolumes, useNamespaceVolumes } from '../api/queries/policyQueries';
import { Link } from '../otherClusters/Link';
import { NAMESPACE_PARAMETER, STATE_PARAMETER, VOLUMES_ROUTE } from '../routes';
import { Shown } from '../setup/Shown';
import { useText } from '../ui/text';
import { useNow } from '../ui/time/useNow';
import { ProtectionBadge } from '../volumes/ProtectionBadge';
import { choiceOf, choiceTitle } from './choices';
import { countsOf, plannedOf } from './counts';
import { ScheduleButton } from './ScheduleButton';
import { SuspendButton } from './SuspendButton';

const MINUTE_MS = 60_000;

/** On the page of a namespace: the states of its volumes, and the schedule that they inherit. */
export function NamespaceProtection({ cluster, name }: { cluster: string; name: string }) {
  const { t } = useText();
  const asked = useNamespaceVolumes(cluster, name);
  // A namespace without volumes has nothing to protect, and where NKVM is not installed, its pages say so.
  if (asked.value?.volumes.length === 0 || asked.trouble?.kind === 'absent') return null;
  return (
    <SectionBox title={t('Backups')}>
      <Shown cluster={cluster} asked={asked} isPart namespace={name}>
        {value => (
          <Stack spacing={2}>
            <Counts cluster={cluster} namespace={name} {...value} />
            {value.policies && <NamespaceSchedule cluster={cluster} name={name} />}
            <AccessLink cluster={cluster} namespace={name} />
          </Stack>
        )}
      </Shown>
    </SectionBox>
  );
}

function Counts({
  cluster,
  namespace,
  volumes,
  policies,
}: NamespaceVolumes & { cluster: string; namespace: string }) {
  const { t } = useText();
  const nowMs = useNow(MINUTE_MS);
  const counts = countsOf(plannedOf(volumes, policies?.volumes), nowMs);
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 3, rowGap: 1 }}>
      {counts.map(({ state, count }) => (
        <Box key={state} sx={{ display: 'inline-flex', alignItems: 'center', gap: 1 }}>
          <ProtectionBadge protection={state} />
          <Link
            routeName={VOLUMES_ROUTE.name}
            search={{ [NAMESPACE_PARAMETER]: namespace, [STATE_PARAMETER]: state }}
            activeCluster={cluster}
          >
            {t('{{count}} volumes', { count })}
          </Link>
        </Box>
      ))}
    </Box>
  );
}

function NamespaceSchedule({ cluster, name }: { cluster: string; name: string }) {
  const { t } = useText();
  const target = { cluster, kind: 'Namespace' as const, namespace: '', name };
  const { value: metadata } = useMetadata(cluster, target);
  const lack = useOwnLack(cluster, toChange(target));
  const label = metadata?.labels?.[BACKUP_LABEL];
  const isSuspended = metadata?.annotations?.[SUSPEND_ANNOTATION] === 'true';
  const choice = choiceOf(label);
  return (
    <Stack spacing={1}>
      {metadata && (
        <Typography variant="body2">
          {label === undefined
            ? t('The namespace has no schedule. Volumes with a label of their own are backed up.')
            : t('Schedule of the namespace, {{schedule}}', {
                schedule: choice ? choiceTitle(choice, t) : label,
              })}
        </Typography>
      )}
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start' }}>
        <ScheduleButton target={target} />
        {metadata && (label !== undefined || isSuspended) && (
          <SuspendButton target={target} isSuspended={isSuspended} />
        )}
      </Box>
      <LackNote cluster={cluster} lacks={[lack]} />
    </Stack>
  );
}
