import { ListItemText, MenuItem, TextField } from '@mui/material';
import type { Cluster } from '../../sidecar/api';
import { stateText } from '../clusters/clusterText';
import { EVERYWHERE } from '../routes';
import { useText } from '../ui/text';

interface ClusterFilterProps {
  /** The clusters of Headlamp that are selected. */
  own: string[];
  /** Those that their NKVMs look after. */
  others: Cluster[];
  /** A name of `others`, `EVERYWHERE`, or empty for `own`. */
  value: string;
  onChange(value: string): void;
}

/** Chooses whose volumes a list shows. A cluster that does not answer says so. */
export function ClusterFilter({ own, others, value, onChange }: ClusterFilterProps) {
  const { t } = useText();
  const states = new Map(others.map(({ name, state }) => [name, state]));
  const names = [...states.keys()].sort();
  const isGone = value !== '' && value !== EVERYWHERE && !states.has(value);
  return (
    <TextField
      select
      variant="outlined"
      size="small"
      label={t('Cluster')}
      value={value}
      InputLabelProps={{ shrink: true }}
      SelectProps={{ displayEmpty: true, renderValue: shown => textOf(String(shown)) }}
      onChange={event => onChange(event.target.value)}
      sx={{ width: { xs: '15rem', sm: '12rem' }, mt: 0 }}
    >
      <MenuItem value="">{textOf('')}</MenuItem>
      {(isGone ? [...names, value] : names).map(name => {
        const state = states.get(name);
        return (
          <MenuItem key={name} value={name}>
            <ListItemText
              primary={name}
              secondary={state && state !== 'ready' ? stateText(state, t) : undefined}
            />
          </MenuItem>
        );
      })}
      <MenuItem value={EVERYWHERE}>{textOf(EVERYWHERE)}</MenuItem>
    </TextField>
  );

  function textOf(chosen: string): string {
    if (chosen === EVERYWHERE) return t('All clusters');
    return chosen || own.join(', ');
  }
}
