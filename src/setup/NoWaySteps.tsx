import { Box, Typography } from '@mui/material';
import { placeOf } from '../api/session/place';
import { Command } from '../ui/Copyable';
import { useText } from '../ui/text';
import { POD_PORT } from './commands';

/** How to find out why the API server has no way to the pod, and what to change. */
export function NoWaySteps({ cluster }: { cluster: string }) {
  const { t } = useText();
  const { namespace } = placeOf(cluster);
  return (
    <Box component="ol" sx={{ textAlign: 'left', pl: 2.5, '& li + li': { mt: 2 } }}>
      <li>
        <Typography gutterBottom>
          {t('Check that the pod is Ready. The command shows its address and its node.')}
        </Typography>
        <Command text={`kubectl get pods -n ${namespace} -o wide`} />
      </li>
      <li>
        <Typography gutterBottom>
          {t(
            'Allow connections from the control plane to TCP port {{port}} of that pod, in the firewall of the nodes and in every NetworkPolicy of the namespace. This lists the policies.',
            { port: POD_PORT }
          )}
        </Typography>
        <Command text={`kubectl get networkpolicies -n ${namespace}`} />
      </li>
      <li>
        <Typography>
          {t(
            'If the control plane is not part of the pod network (CNI), as with some overlay networks of managed clusters, a cluster administrator has to give the pod an address that the control plane can reach, such as that of its node (hostNetwork).'
          )}
        </Typography>
      </li>
    </Box>
  );
}
