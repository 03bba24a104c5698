import { Icon } from '@iconify/react';
import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Button, Stack, Typography } from '@mui/material';
import { Link as RouterLink } from 'react-router-dom';
import type { Destination, DestinationList } from '../../sidecar/api';
import { useDestinationLists } from '../api/queries/destinationQueries';
import { NEW_DESTINATION_ROUTE } from '../routes';
import { Shown } from '../setup/Shown';
import { addIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { PageHeader } from '../ui/PageHeader';
import { useText } from '../ui/text';
import { useNamespacesAtHand, useSelectedNamespaces } from '../volumes/useNamespaces';
import { DestinationLink, useUrlOf } from './DestinationLink';
import { kindName } from './destinationText';
import { Marks, StateBadge } from './Marks';
import { Reminders } from './Reminders';
import { Stored } from './Stored';

/** Where backups of the selected clusters go, and how those places stand. */
export function DestinationsPage() {
  const { t } = useText();
  const clusters = K8s.useSelectedClusters();
  const namespacesOf = useNamespacesAtHand(useSelectedNamespaces());
  const lists = useDestinationLists(clusters, cluster => namespacesOf(cluster)[0]);
  const [only] = clusters;
  return (
    <SectionBox
      title={
        <PageHeader
          title={t('Destinations')}
          actions={only && clusters.length === 1 ? [<AddButton key="add" cluster={only} />] : []}
        />
      }
    >
      <Stack spacing={3}>
        {lists.map(({ cluster, ...asked }) => (
          <Stack key={cluster} spacing={2}>
            {clusters.length > 1 && (
              <Stack direction="row" alignItems="center" justifyContent="space-between" gap={1}>
                <Typography component="h2" variant="h6">
                  {cluster}
                </Typography>
                <AddButton cluster={cluster} />
              </Stack>
            )}
            <Shown cluster={cluster} asked={asked}>
              {list => <Cards cluster={cluster} list={list} />}
            </Shown>
          </Stack>
        ))}
      </Stack>
    </SectionBox>
  );
}

/** It also leads those to the wizard who may not write Secrets: the manifest can be given to others there. */
function AddButton({ cluster }: { cluster: string }) {
  const { t } = useText();
  return (
    <Button
      component={RouterLink}
      to={useUrlOf(cluster)(NEW_DESTINATION_ROUTE)}
      size="small"
      variant="contained"
      startIcon={<Icon icon={addIcon} />}
      sx={{ whiteSpace: 'nowrap' }}
    >
      {t('Add a destination')}
    </Button>
  );
}

function Cards({ cluster, list }: { cluster: string; list: DestinationList }) {
  const { t } = useText();
  const { destinations } = list;
  const [first] = destinations;
  return (
    <Stack spacing={2}>
      {destinations.length === 1 && first?.kind === 'local' && (
        <Message severity="info">
          {t(
            'All archives are in the directory of NKVM. If that directory is in this cluster, losing the cluster means losing the volumes and their backups. Add a destination elsewhere.'
          )}
        </Message>
      )}
      {destinations.length === 0 && (
        <Message severity="warning">
          {t('Backups cannot be stored until you add a destination.')}
        </Message>
      )}
      <Box
        component="ul"
        aria-label={t('Destinations')}
        sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 2 }}
      >
        {destinations.map(destination => (
          <Card key={destination.name} cluster={cluster} destination={destination} />
        ))}
      </Box>
    </Stack>
  );
}

function Card({ cluster, destination }: { cluster: string; destination: Destination }) {
  const { t } = useText();
  const { name, kind, state, location } = destination;
  return (
    <Box component="li" sx={{ border: 1, borderColor: 'divider', borderRadius: 1, p: 2 }}>
      <Stack spacing={1.5}>
        <Stack direction="row" flexWrap="wrap" alignItems="center" columnGap={1.5} rowGap={0.75}>
          <Typography
            component="h3"
            variant="subtitle1"
            sx={{ fontWeight: 500, overflowWrap: 'anywhere' }}
          >
            <DestinationLink cluster={cluster} name={name} />
          </Typography>
          <Typography variant="body2" color="text.secondary">
            {kindName(kind, t)}
          </Typography>
          <StateBadge state={state} />
          <Marks {...destination} />
        </Stack>
        {location && (
          <Typography
            variant="body2"
            color="text.secondary"
            sx={{ fontFamily: 'monospace', overflowWrap: 'anywhere' }}
          >
            {location}
          </Typography>
        )}
        <Reminders cluster={cluster} destination={destination} />
        <Stored destination={destination} />
      </Stack>
    </Box>
  );
}
