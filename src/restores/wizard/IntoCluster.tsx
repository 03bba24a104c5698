import { MenuItem, TextField } from '@mui/material';
import { partsOf } from '../../api/clusterRef';
import { namesOf } from '../../otherClusters/refs';
import { useKnownClusters } from '../../otherClusters/useKnownClusters';
import { useText } from '../../ui/text';
import type { StepProps } from './stepProps';

/** Chooses the cluster to restore into. It is not there where NKVM backs up one only. */
export function IntoCluster({ cluster, draft: { into }, change }: StepProps) {
  const { t } = useText();
  const { home, name = '' } = partsOf(cluster);
  const names = namesOf(useKnownClusters([home]));
  const chosen = into ?? name;
  if (names.length === 0 && chosen === '') return null;
  return (
    <TextField
      select
      size="small"
      label={t('Cluster to restore into')}
      value={chosen}
      InputLabelProps={{ shrink: true }}
      SelectProps={{ displayEmpty: true }}
      onChange={({ target: { value } }) =>
        // A claim of one cluster says nothing about another.
        change({
          into: value === name ? undefined : value,
          ...{ where: 'new', target: { namespace: '', name: '' } },
        })
      }
      sx={{ maxWidth: 480 }}
    >
      <MenuItem value="">{home}</MenuItem>
      {[...new Set([...names, chosen])].filter(Boolean).map(each => (
        <MenuItem key={each} value={each}>
          {each}
        </MenuItem>
      ))}
    </TextField>
  );
}
