import { Link } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Typography } from '@mui/material';
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
