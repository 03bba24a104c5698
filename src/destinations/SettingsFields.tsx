import {
  Box,
  Checkbox,
  FormControlLabel,
  FormHelperText,
  MenuItem,
  TextField,
  Typography,
} from '@mui/material';
import { useId, useState } from 'react';
import { LinkButton } from '../ui/buttons/LinkButton';
import { useText } from '../ui/text';
import { useFocusOnChange } from '../ui/useFocusOnChange';
import { type Field, FIELDS } from './fields';
import { fieldHelp, fieldLabel, problemText } from './fieldText';
import type { Form, Problems } from './form';

export interface FormProps {
  form: Form;
  problems: Problems;
  /** Empty fields stay as they are stored; what is stored is not shown. */
  isEdit?: boolean;
  change(differs: Partial<Form>): void;
}

/** Lines of a private key look like nothing that somebody could read over a shoulder. */
const MASKED = { WebkitTextSecurity: 'disc' } as object;

/** The fields of a kind; those that few need are closed at first. */
export function SettingsFields(props: FormProps) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const box = useFocusOnChange(isOpen);
  const fields = FIELDS[props.form.kind];
  const lesser = fields.filter(({ isMore }) => isMore);
  const isWrong = lesser.some(({ key }) => props.problems[key]);
  return (
    <>
      <Grid>
        {fields
          .filter(({ isMore }) => !isMore)
          .map(field => (
            <OneField key={field.key} field={field} {...props} />
          ))}
      </Grid>
      {lesser.length > 0 &&
        (isOpen || isWrong ? (
          <Box
            ref={box}
            tabIndex={-1}
            role="group"
            aria-label={t('More settings')}
            sx={{ outline: 'none' }}
          >
            <Grid>
              {lesser.map(field => (
                <OneField key={field.key} field={field} {...props} />
              ))}
            </Grid>
          </Box>
        ) : (
          <span>
            <LinkButton onClick={() => setOpen(true)}>{t('More settings')}</LinkButton>
          </span>
        ))}
    </>
  );
}

export const Grid = ({ children }: { children: React.ReactNode }) => (
  <Box
    sx={{
      display: 'grid',
      gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'minmax(0, 1fr) minmax(0, 1fr)' },
      columnGap: 2,
      rowGap: 1,
      maxWidth: 760,
    }}
  >
    {children}
  </Box>
);

function OneField({ field, form, problems, isEdit, change }: FormProps & { field: Field }) {
  const { t } = useText();
  const [isTouched, setTouched] = useState(false);
  const { key, input, example, isRequired } = field;
  const { kind, values, removed } = form;
  const value = values[key] ?? '';
  const isRemoved = removed.includes(key);
  const set = (text: string) => change({ values: { ...values, [key]: text } });
  // Nothing is wrong with a field that nobody has come to yet.
  const isShown = isTouched || value !== '';
  const problem = isShown ? problems[key] : undefined;
  const help = problem ? problemText(problem, t) : fieldHelp(kind, key, t);
  if (input === 'switch') {
    return <SwitchField {...{ field, value, isEdit, isRemoved, form, change }} help={help} />;
  }
  const isLong = input === 'lines' || input === 'secretText';
  const isSecret = input === 'password' || input === 'secretText';
  const helper = isRemoved
    ? t('It is removed from the Secret.')
    : isEdit && !problem
    ? ' '
    : help ?? ' ';
  const canBeRemoved = isEdit && !isRequired && value === '';
  return (
    <Box sx={isLong ? { gridColumn: '1 / -1' } : undefined}>
      <TextField
        fullWidth
        size="small"
        label={fieldLabel(key, t)}
        name={`destination-${key}`}
        required={isRequired && !isEdit}
        type={input === 'password' ? 'password' : 'text'}
        // Browsers would offer to keep what belongs into a Secret, or fill in the login of Headlamp.
        autoComplete={isSecret ? 'new-password' : 'off'}
        select={typeof input === 'object'}
        multiline={isLong}
        minRows={isLong ? 2 : undefined}
        maxRows={8}
        placeholder={isRemoved ? undefined : isEdit ? t('Keep the current setting') : example}
        value={value}
        InputLabelProps={isEdit ? { shrink: true } : undefined}
        SelectProps={isEdit ? { displayEmpty: true } : undefined}
        disabled={isRemoved}
        error={!!problem}
        helperText={helper}
        onChange={event => set(event.target.value)}
        onBlur={() => setTouched(true)}
        inputProps={{
          spellCheck: false,
          autoCapitalize: 'off',
          style: input === 'secretText' ? MASKED : undefined,
        }}
        InputProps={isLong ? { sx: { fontFamily: 'monospace', fontSize: '0.8125rem' } } : undefined}
      >
        {typeof input === 'object'
          ? ['', ...input].map(each => (
              <MenuItem key={each} value={each}>
                {each || (isEdit ? t('Keep the current setting') : t('Usual'))}
              </MenuItem>
            ))
          : undefined}
      </TextField>
      {canBeRemoved && (
        <Typography component="div" variant="body2" sx={{ mb: 1 }}>
          <LinkButton
            onClick={() =>
              change({
                removed: isRemoved ? removed.filter(each => each !== key) : [...removed, key],
              })
            }
          >
            {isRemoved
              ? t('Keep {{field}}', { field: fieldLabel(key, t) })
              : t('Remove {{field}}', { field: fieldLabel(key, t) })}
          </LinkButton>
        </Typography>
      )}
    </Box>
  );
}

interface SwitchFieldProps extends Pick<FormProps, 'form' | 'isEdit' | 'change'> {
  field: Field;
  value: string;
  isRemoved: boolean;
  help: string | undefined;
}

/** On, off, or, in an edit, as it is. */
function SwitchField({ field, value, isEdit, isRemoved, help, form, change }: SwitchFieldProps) {
  const { t } = useText();
  const id = useId();
  const { key } = field;
  const label = fieldLabel(key, t);
  const others = form.removed.filter(each => each !== key);
  if (isEdit) {
    const chosen = value === 'true' ? 'on' : isRemoved ? 'off' : '';
    return (
      <TextField
        select
        fullWidth
        size="small"
        label={label}
        value={chosen}
        helperText={help ?? ' '}
        SelectProps={{ displayEmpty: true }}
        InputLabelProps={{ shrink: true }}
        onChange={event =>
          change({
            values: { ...form.values, [key]: event.target.value === 'on' ? 'true' : '' },
            removed: event.target.value === 'off' ? [...others, key] : others,
          })
        }
      >
        <MenuItem value="">{t('Keep the current setting')}</MenuItem>
        <MenuItem value="on">{t('On')}</MenuItem>
        <MenuItem value="off">{t('Off')}</MenuItem>
      </TextField>
    );
  }
  return (
    <Box sx={{ gridColumn: '1 / -1' }}>
      <FormControlLabel
        control={
          <Checkbox
            size="small"
            checked={value === 'true'}
            inputProps={{ 'aria-describedby': help ? id : undefined }}
            onChange={(_, isOn) =>
              change({ values: { ...form.values, [key]: isOn ? 'true' : '' } })
            }
          />
        }
        label={label}
      />
      {help && (
        <FormHelperText id={id} sx={{ mt: -0.5, ml: '29px' }}>
          {help}
        </FormHelperText>
      )}
    </Box>
  );
}
