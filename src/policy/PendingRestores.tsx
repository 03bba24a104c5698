import { Box, Button, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import type { PopulateChoice, PopulateStatus, VolumePolicy } from '../../sidecar/api';
import { isOfHeadlamp } from '../api/clusterRef';
import { Link } from '../otherClusters/Link';
import { RestoreRunLink } from '../restores/RestoreLink';
import { VOLUME_ROUTE } from '../routes';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { type Translate, useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { Until } from '../ui/time/Until';
import { useFormatDate } from '../ui/time/useFormatDate';
import { DecideButtons } from './DecideButtons';

/** A claim that waits, and where. */
export interface Pending {
  cluster: string;
  policy: VolumePolicy & { populate: PopulateStatus };
}

export const isPending = (policy: VolumePolicy): policy is Pending['policy'] =>
  policy.populate !== null;

/** The first ones are shown before somebody asks for all. */
const FIRST = 3;

/** Those that need a person first, then the ones that wait longest. */
const byNeed = ({ policy: one }: Pending, { policy: other }: Pending): number => {
  const need = ({ populate }: Pending['policy']) => (populate.state === 'needs-decision' ? 0 : 1);
  return need(one) - need(other) || (one.populate.since < other.populate.since ? -1 : 1);
};

/** Claims that NKVM fills before their pods start, what each waits for, and how to decide. */
export function PendingRestores({ pending }: { pending: Pending[] }) {
  const { t } = useText();
  const [isAll, setAll] = useState(false);
  if (pending.length === 0) return null;
  const shown = [...pending].sort(byNeed).slice(0, isAll ? undefined : FIRST);
  return (
    <Box component="section" aria-label={t('Waiting for restore')} sx={{ mb: 2 }}>
      <Typography component="h2" variant="h6" gutterBottom>
        {t('Waiting for restore')} ({pending.length})
      </Typography>
      <Stack spacing={1}>
        {shown.map(({ cluster, policy }) => (
          <PendingRestore
            key={`${cluster}/${policy.uid}`}
            cluster={cluster}
            policy={policy}
            populate={policy.populate}
            isNamed
          />
        ))}
      </Stack>
      {pending.length > FIRST && (
        <Button size="small" sx={{ mt: 1 }} onClick={() => setAll(!isAll)}>
          {isAll ? t('Show fewer') : t('Show all {{total}}', { total: pending.length })}
        </Button>
      )}
    </Box>
  );
}

interface PendingRestoreProps {
  cluster: string;
  policy: VolumePolicy;
  populate: PopulateStatus;
  /** The name of the volume is not on the page already. */
  isNamed?: boolean;
}

/** One claim: what it waits for, since when, and what a person can do. */
export function PendingRestore({ cluster, policy, populate, isNamed }: PendingRestoreProps) {
  const { t } = useText();
  const { namespace, name } = policy;
  const { state, message, hint, since, retryAt, restore, choices = [] } = populate;
  return (
    <Message severity={state === 'needs-decision' ? 'warning' : 'info'}>
      <Typography variant="body2" component="div">
        {isNamed && (
          <>
            <Link
              routeName={VOLUME_ROUTE.name}
              params={{ namespace, name }}
              activeCluster={cluster}
            >
              {`${namespace}/${name}`}
            </Link>
            {' · '}
          </>
        )}
        <strong>{populateText(state, t)}</strong>
      </Typography>
      <Typography variant="body2" component="div">
        {sentence(message)}.{hint && ` ${sentence(hint)}.`}
      </Typography>
      <Typography variant="body2" component="div" color="text.secondary">
        {t('Waiting since')} <Ago date={since} />
        {retryAt && (
          <>
            {' · '}
            {t('NKVM tries again')} <Until date={retryAt} />
          </>
        )}
        {restore && (
          <>
            {' · '}
            <RestoreRunLink cluster={cluster} id={restore} namespace={namespace}>
              {t('Show the restore')}
            </RestoreRunLink>
          </>
        )}
      </Typography>
      <OtherBackups choices={choices.filter(({ allowed }) => !allowed)} />
      {isOfHeadlamp(cluster) && state !== 'restoring' && state !== 'binding' && (
        <Box sx={{ mt: 1 }}>
          <DecideButtons cluster={cluster} claim={{ namespace, name }} choices={choices} />
        </Box>
      )}
    </Message>
  );
}

/** Backups of clusters that this one does not continue: what could be restored here. */
function OtherBackups({ choices }: { choices: PopulateChoice[] }) {
  const { t } = useText();
  const formatDate = useFormatDate();
  if (choices.length === 0) return null;
  return (
    <Box sx={{ mt: 1 }}>
      <Typography variant="body2">
        {t('Could be restored here if this cluster continues the other one')}
      </Typography>
      <Box component="ul" sx={{ m: 0, pl: 3 }}>
        {choices.map(({ backup, createdAt, cluster, destination }) => (
          <Typography key={backup} component="li" variant="body2">
            {`${formatDate(createdAt)} · ${cluster} · ${destination} · ${backup}`}
          </Typography>
        ))}
      </Box>
    </Box>
  );
}

/** The step of a claim on its way to its data. */
function populateText(state: PopulateStatus['state'], t: Translate): string {
  switch (state) {
    case 'deciding':
      return t('Searching the destinations for backups');
    case 'waiting':
      return t('Waiting');
    case 'needs-decision':
      return t('Needs a decision');
    case 'restoring':
      return t('Restoring');
    case 'binding':
      return t('Binding the volume');
  }
}
