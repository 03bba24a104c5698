import { Icon } from '@iconify/react';
import {
  Badge,
  Button,
  IconButton,
  InputAdornment,
  Popover,
  Stack,
  TextField,
  Tooltip,
  Typography,
} from '@mui/material';
import { useEffect, useRef, useState } from 'react';
import { formatBytes } from '../ui/bytes';
import { useTyped } from '../ui/fields/useTyped';
import { closeIcon, filterIcon, searchIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { parseBytes } from './parseBytes';
import type { View } from './view';

/** A search begins when nobody types for so long. */
const TYPING_MS = 300;

interface FileSearchProps {
  view: View;
  onChange(changes: Partial<View>): void;
}

/** Searches by part of a name, by size and by time, in all below the folder that is shown. */
export function FileSearch({ view, onChange }: FileSearchProps) {
  const { t } = useText();
  const { text, type, took } = useTyped(view.search);
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const search = (wanted: string) => {
    took(wanted);
    onChange({ search: wanted });
  };
  const latest = useRef(search);
  latest.current = search;
  useEffect(() => {
    if (text === view.search) return;
    const timer = setTimeout(() => latest.current(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, view.search]);
  const filters = [view.minBytes, view.maxBytes, view.after, view.before].filter(
    each => each !== undefined
  ).length;

  return (
    <Stack
      direction="row"
      alignItems="center"
      gap={0.5}
      sx={{ flex: { xs: '1 1 100%', sm: '0 1 20rem' }, minWidth: '14rem' }}
    >
      <TextField
        fullWidth
        variant="outlined"
        size="small"
        placeholder={t('Search by name')}
        value={text}
        onChange={event => type(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter') search(text);
          if (event.key === 'Escape') type('');
        }}
        inputProps={{ 'aria-label': t('Search by name'), maxLength: 500 }}
        InputProps={{
          startAdornment: (
            <InputAdornment position="start">
              <Icon icon={searchIcon} width={20} />
            </InputAdornment>
          ),
          endAdornment: text ? (
            <InputAdornment position="end">
              <IconButton
                size="small"
                edge="end"
                aria-label={t('Clear search')}
                onClick={() => {
                  type('');
                  search('');
                }}
              >
                <Icon icon={closeIcon} width={18} />
              </IconButton>
            </InputAdornment>
          ) : undefined,
        }}
        sx={{ mt: 0 }}
      />
      <Tooltip title={t('Filter by size and time')}>
        <IconButton
          aria-label={
            filters > 0
              ? t('Filter by size and time, {{number}} set', { number: filters })
              : t('Filter by size and time')
          }
          aria-haspopup="dialog"
          onClick={event => setAnchor(event.currentTarget)}
        >
          <Badge badgeContent={filters || undefined} color="primary">
            <Icon icon={filterIcon} width={22} />
          </Badge>
        </IconButton>
      </Tooltip>
      <Popover
        open={anchor !== null}
        anchorEl={anchor}
        onClose={() => setAnchor(null)}
        anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }}
        transformOrigin={{ vertical: 'top', horizontal: 'right' }}
        slotProps={{
          paper: { 'aria-label': t('Filter by size and time'), role: 'dialog' } as object,
        }}
      >
        <Filters view={view} onChange={onChange} />
      </Popover>
    </Stack>
  );
}

function Filters({ view, onChange }: FileSearchProps) {
  const { t } = useText();
  return (
    <Stack spacing={2} sx={{ p: 2, width: 400, maxWidth: '92vw' }}>
      <Typography variant="subtitle2" component="h2">
        {t('Size')}
      </Typography>
      <Stack direction="row" gap={1}>
        <SizeField
          label={t('At least')}
          bytes={view.minBytes}
          onChange={minBytes => onChange({ minBytes })}
        />
        <SizeField
          label={t('At most')}
          bytes={view.maxBytes}
          onChange={maxBytes => onChange({ maxBytes })}
        />
      </Stack>
      <Typography variant="subtitle2" component="h2">
        {t('Modified')}
      </Typography>
      <Stack direction={{ xs: 'column', sm: 'row' }} gap={{ xs: 2, sm: 1 }}>
        <DayField label={t('From')} day={view.after} onChange={after => onChange({ after })} />
        <DayField label={t('To')} day={view.before} onChange={before => onChange({ before })} />
      </Stack>
      <Typography variant="body2" color="text.secondary">
        {t('Everything below the folder is searched.')}
      </Typography>
      <Button
        size="small"
        onClick={() =>
          onChange({
            minBytes: undefined,
            maxBytes: undefined,
            after: undefined,
            before: undefined,
          })
        }
      >
        {t('Clear filters')}
      </Button>
    </Stack>
  );
}

interface SizeFieldProps {
  label: string;
  bytes?: number;
  onChange(bytes: number | undefined): void;
}

function SizeField({ label, bytes, onChange }: SizeFieldProps) {
  const { t, language } = useText();
  const shown = bytes === undefined ? '' : formatBytes(bytes, language);
  const { text, type } = useTyped(shown);
  const isWrong = text.trim() !== '' && parseBytes(text) === undefined;
  const take = () => {
    // What is shown is rounded: it is not taken for what was typed.
    if (!isWrong && text !== shown) onChange(parseBytes(text));
  };
  return (
    <TextField
      variant="outlined"
      size="small"
      label={label}
      placeholder="10 MiB"
      value={text}
      error={isWrong}
      helperText={isWrong && t('For example 10 MiB')}
      InputLabelProps={{ shrink: true }}
      onChange={event => type(event.target.value)}
      onBlur={take}
      onKeyDown={event => event.key === 'Enter' && take()}
    />
  );
}

interface DayFieldProps {
  label: string;
  day?: string;
  onChange(day: string | undefined): void;
}

function DayField({ label, day, onChange }: DayFieldProps) {
  return (
    <TextField
      variant="outlined"
      size="small"
      type="date"
      label={label}
      value={day ?? ''}
      InputLabelProps={{ shrink: true }}
      onChange={event => onChange(event.target.value || undefined)}
      sx={{ flex: 1 }}
    />
  );
}
