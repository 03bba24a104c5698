import { Box, Tooltip, Typography } from '@mui/material';
import type { OwnerReference } from '../../sidecar/api';
import { Link } from '../otherClusters/Link';
import { useText } from '../ui/text';
import { ownersOf, routeOf } from './owners';
import type { Row } from './row';

/** The workloads that use a volume: links, or the reason why none is known. */
export function Owners({ cluster, volume }: Row) {
  const { t } = useText();
  if (!volume.podsVisible) {
    return (
      <Typography component="span" variant="body2" color="text.secondary">
        {t('No access')}
      </Typography>
    );
  }
  if (volume.owner.kind === 'Unknown') {
    return (
      <Tooltip title={volume.owner.reason} describeChild>
        <Typography component="span" variant="body2" color="text.secondary" tabIndex={0}>
          {t('Not in use')}
        </Typography>
      </Tooltip>
    );
  }
  return (
    <Box>
      {ownersOf(volume.owner).map(owner => (
        // The kind is not a part of the sentence of the link, which has no underline.
        <Box
          key={`${owner.apiVersion}/${owner.kind}/${owner.name}`}
          sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'baseline', columnGap: 0.5 }}
        >
          <OneOwner cluster={cluster} namespace={volume.namespace} owner={owner} />
        </Box>
      ))}
    </Box>
  );
}

interface OneOwnerProps {
  cluster: string;
  namespace: string;
  owner: OwnerReference;
}

function OneOwner({ cluster, namespace, owner: { apiVersion, kind, name } }: OneOwnerProps) {
  const routeName = routeOf({ apiVersion, kind, name });
  return (
    <>
      {routeName ? (
        <Link routeName={routeName} params={{ namespace, name }} activeCluster={cluster}>
          {name}
        </Link>
      ) : (
        name
      )}{' '}
      <Typography component="span" variant="body2" color="text.secondary">
        {kind}
      </Typography>
    </>
  );
}
