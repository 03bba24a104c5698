import { Autocomplete, MenuItem, TextField } from '@mui/material';
import type { BackupStatus } from '../../../sidecar/api';
import { STATUSES } from '../../../sidecar/api/names.ts';
import { statusText } from '../../ui/status';
import { useText } from '../../ui/text';

interface FilterProps<T> {
  value?: T;
  onChange(value: T | undefined): void;
}

/** The label stays above the field, as in Headlamp's filter of namespaces. */
const LABEL = { shrink: true };
const WIDTH = { xs: '15rem', sm: '12rem' };

/** Narrows a list to the runs in one state. */
export function StatusFilter({ value, onChange }: FilterProps<BackupStatus>) {
  const { t } = useText();
  return (
    <TextField
      select
      variant="outlined"
      size="small"
      label={t('Status')}
      value={value ?? ''}
      InputLabelProps={LABEL}
      SelectProps={{ displayEmpty: true }}
      onChange={event => onChange(STATUSES.find(each => each === event.target.value))}
      sx={{ width: WIDTH, mt: 0 }}
    >
      <MenuItem value="">{t('All')}</MenuItem>
      {STATUSES.map(status => (
        <MenuItem key={status} value={status}>
          {statusText(status, t)}
        </MenuItem>
      ))}
    </TextField>
  );
}

/** Narrows a list to the runs with a copy at one destination. It is not there where there is only one. */
export function DestinationFilter({
  value,
  names,
  onChange,
}: FilterProps<string> & { names: string[] }) {
  const { t } = useText();
  const known = [...new Set([...names, ...(value ? [value] : [])])].sort();
  if (known.length < 2 && !value) return null;
  return (
    <TextField
      select
      variant="outlined"
      size="small"
      label={t('Destination')}
      value={value ?? ''}
      InputLabelProps={LABEL}
      SelectProps={{ displayEmpty: true }}
      onChange={event => onChange(event.target.value || undefined)}
      sx={{ width: WIDTH, mt: 0 }}
    >
      <MenuItem value="">{t('All')}</MenuItem>
      {known.map(name => (
        <MenuItem key={name} value={name}>
          {name}
        </MenuItem>
      ))}
    </TextField>
  );
}

/** Narrows a list to the volumes of one name, deleted ones included. */
export function VolumeFilter({
  value,
  names,
  onChange,
}: FilterProps<string> & { names: string[] }) {
  const { t } = useText();
  return (
    <Autocomplete
      freeSolo
      size="small"
      options={[...new Set(names)].sort()}
      value={value ?? null}
      onChange={(_, name) => onChange(name?.trim() || undefined)}
      sx={{ width: WIDTH }}
      renderInput={params => (
        <TextField
          {...params}
          variant="outlined"
          label={t('Volume')}
          placeholder={t('All')}
          InputLabelProps={LABEL}
          sx={{ mt: 0 }}
        />
      )}
    />
  );
}
