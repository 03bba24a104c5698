import { TextField } from '@mui/material';
import type { PlaceChoice } from '../api/session/place';
import { Grid } from '../destinations/SettingsFields';
import { useText } from '../ui/text';
import { isWrong, type PlaceFields } from './placeFields';

interface PlaceFieldsOfProps {
  /** Of its own among all of the page. */
  id: string;
  fields: PlaceFields;
  /** What counts where nothing is filled in. */
  usual: PlaceChoice;
  change(fields: PlaceFields): void;
}

/** The two fields of a place. */
export function PlaceFieldsOf({ id, fields, usual, change }: PlaceFieldsOfProps) {
  const { t } = useText();
  const labels = { namespace: t('Namespace'), service: t('Service') };
  return (
    <Grid>
      {(['namespace', 'service'] as const).map(key => (
        <TextField
          key={key}
          fullWidth
          size="small"
          id={`nkvm-place-${id}-${key}`}
          label={labels[key]}
          placeholder={usual[key]}
          InputLabelProps={{ shrink: true }}
          autoComplete="off"
          value={fields[key]}
          error={isWrong(key, fields[key])}
          helperText={
            isWrong(key, fields[key])
              ? t(
                  'A name has up to 63 lower-case letters, digits and hyphens. It begins and ends with a letter or a digit.'
                )
              : ' '
          }
          onChange={event => change({ ...fields, [key]: event.target.value })}
        />
      ))}
    </Grid>
  );
}
