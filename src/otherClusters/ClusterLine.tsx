import { Box, Chip } from '@mui/material';
import { partsOf } from '../api/clusterRef';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { useKnownClusters } from './useKnownClusters';

/** Names the cluster that a page is about, where that is not the one that Headlamp shows, and says when it does not answer. */
export function ClusterLine({ cluster }: { cluster: string }) {
  const { home, name } = partsOf(cluster);
  return name === undefined ? null : <Named home={home} name={name} />;
}

function Named({ home, name }: { home: string; name: string }) {
  const { t } = useText();
  const [known] = useKnownClusters([home]);
  const found = known?.others.find(each => each.name === name);
  const problem = found?.state === 'unreachable' ? found.problem : null;
  return (
    <Box sx={{ mb: 2 }}>
      <Chip
        size="small"
        variant="outlined"
        label={t('Cluster {{name}}', { name })}
        sx={{ color: 'text.primary' }}
      />
      {problem && (
        <Message severity="warning" sx={{ mt: 1 }}>
          {`${t('Cluster {{name}} does not answer.', { name })} ${sentence(problem.message)}.`}
        </Message>
      )}
    </Box>
  );
}
