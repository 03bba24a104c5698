import { Typography } from '@mui/material';
import { Link } from '../otherClusters/Link';
import { ACCESS_ROUTE } from '../routes';
import { useText } from '../ui/text';

/** To the page of who can do what in a namespace. */
export function AccessLink({ cluster, namespace }: { cluster: string; namespace: string }) {
  const { t } = useText();
  return (
    <Typography variant="body2">
      <Link routeName={ACCESS_ROUTE.name} params={{ namespace }} activeCluster={cluster}>
        {t('Access in this namespace')}
      </Link>
    </Typography>
  );
}
