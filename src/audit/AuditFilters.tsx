import { Autocomplete, MenuItem, Stack, TextField } from '@mui/material';
import { AUDIT_RESULTS } from '../../sidecar/api/names.ts';
import { useTyped } from '../ui/fields/useTyped';
import { useText } from '../ui/text';
import { resultText } from './resultText';

interface AuditFiltersProps {
  parameters: URLSearchParams;
  /** All that entries can have. */
  actions: string[];
  onChange(changes: Record<string, string | undefined>): void;
}

/** The labels stay above the fields, as in the other lists. */
const LABEL = { shrink: true };
const WIDTH = { xs: '100%', sm: '11rem' };

/** Narrows the audit log. Each change of a filter asks again, and is an entry itself: a text is taken when it is complete. */
export function AuditFilters({ parameters, actions, onChange }: AuditFiltersProps) {
  const { t } = useText();
  const valueOf = (name: string) => parameters.get(name) ?? '';
  return (
    <Stack direction="row" flexWrap="wrap" gap={1.5} role="search" aria-label={t('Filters')}>
      <TextFilter label={t('Caller')} value={valueOf('who')} onChange={who => onChange({ who })} />
      <Autocomplete
        size="small"
        options={actions}
        value={valueOf('action') || null}
        isOptionEqualToValue={(option, value) => option === value}
        onChange={(_, action) => onChange({ action: action ?? undefined })}
        sx={{ width: WIDTH }}
        renderInput={params => (
          <TextField
            {...params}
            variant="outlined"
            label={t('Action')}
            placeholder={t('All')}
            InputLabelProps={LABEL}
            sx={{ mt: 0 }}
          />
        )}
      />
      <TextFilter
        label={t('Namespace or volume')}
        placeholder="shop/orders-db"
        value={valueOf('volume')}
        onChange={volume => onChange({ volume })}
      />
      <TextField
        select
        variant="outlined"
        size="small"
        label={t('Result')}
        value={valueOf('result')}
        InputLabelProps={LABEL}
        SelectProps={{ displayEmpty: true }}
        onChange={event => onChange({ result: event.target.value || undefined })}
        sx={{ width: WIDTH, mt: 0 }}
      >
        <MenuItem value="">{t('All')}</MenuItem>
        {AUDIT_RESULTS.map(result => (
          <MenuItem key={result} value={result}>
            {resultText(result, t)}
          </MenuItem>
        ))}
      </TextField>
      <DayFilter
        label={t('First day')}
        value={valueOf('since')}
        onChange={since => onChange({ since })}
      />
      <DayFilter
        label={t('Last day')}
        value={valueOf('until')}
        onChange={until => onChange({ until })}
      />
    </Stack>
  );
}

interface FieldProps {
  label: string;
  placeholder?: string;
  value: string;
  onChange(value: string | undefined): void;
}

function TextFilter({ label, placeholder, value, onChange }: FieldProps) {
  const { t } = useText();
  const { text, type, took } = useTyped(value);
  const take = () => {
    const wanted = text.trim();
    if (wanted === value) return;
    took(wanted);
    onChange(wanted || undefined);
  };
  return (
    <TextField
      variant="outlined"
      size="small"
      label={label}
      placeholder={placeholder ?? t('All')}
      value={text}
      InputLabelProps={LABEL}
      onChange={event => type(event.target.value)}
      onBlur={take}
      onKeyDown={event => event.key === 'Enter' && take()}
      sx={{ width: WIDTH, mt: 0 }}
    />
  );
}

const DayFilter = ({ label, value, onChange }: FieldProps) => (
  <TextField
    type="date"
    variant="outlined"
    size="small"
    label={label}
    value={value}
    InputLabelProps={LABEL}
    onChange={event => onChange(event.target.value || undefined)}
    sx={{ width: WIDTH, mt: 0 }}
  />
);
