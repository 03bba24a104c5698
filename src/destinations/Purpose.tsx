import { Box, Checkbox, FormControlLabel, FormHelperText } from '@mui/material';
import { useId } from 'react';
import { useText } from '../ui/text';
import type { Form } from './form';

interface PurposeProps {
  form: Form;
  change(differs: Partial<Form>): void;
}

/** Which backups go to a destination, and what it means when one does not get there. */
export function Purpose({ form, change }: PurposeProps) {
  const { t } = useText();
  return (
    <Box>
      <Choice
        label={t('Default')}
        text={t(
          'Backups go there unless the volume, its namespace or the request names another destination.'
        )}
        isOn={form.isDefault}
        onChange={isDefault => change({ isDefault })}
      />
      <Choice
        label={t('Required')}
        text={t(
          'A backup succeeds only with a copy at this destination. Otherwise it is incomplete.'
        )}
        isOn={form.isRequired}
        onChange={isRequired => change({ isRequired })}
      />
    </Box>
  );
}

interface ChoiceProps {
  label: string;
  text: string;
  isOn: boolean;
  onChange(isOn: boolean): void;
}

function Choice({ label, text, isOn, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <Box>
      <FormControlLabel
        control={
          <Checkbox
            size="small"
            checked={isOn}
            inputProps={{ 'aria-describedby': id }}
            onChange={(_, checked) => onChange(checked)}
          />
        }
        label={label}
      />
      <FormHelperText id={id} sx={{ mt: -0.5, ml: '29px' }}>
        {text}
      </FormHelperText>
    </Box>
  );
}
