import { Autocomplete, TextField } from '@mui/material';

interface ComboBoxProps {
  label: string;
  value: string;
  /** What can be chosen; anything else can be typed. */
  options: string[];
  placeholder?: string;
  isWrong?: boolean;
  /** A help text, or the error. A space reserves the line. */
  helperText?: string;
  onChange(text: string): void;
  onFocus?(): void;
  onBlur?(): void;
}

/** A field of text with proposals. */
export function ComboBox(props: ComboBoxProps) {
  const { label, value, options, placeholder, isWrong, helperText } = props;
  const { onChange, onFocus, onBlur } = props;
  return (
    <Autocomplete
      freeSolo
      options={options}
      value={value}
      inputValue={value}
      onInputChange={(_, text, reason) => {
        // A `reset` only repeats what was given.
        if (reason !== 'reset') onChange(text);
      }}
      onChange={(_, chosen) => onChange(chosen ?? '')}
      onFocus={onFocus}
      onBlur={onBlur}
      renderInput={input => (
        <TextField
          {...input}
          size="small"
          label={label}
          placeholder={placeholder}
          error={isWrong}
          helperText={helperText}
        />
      )}
    />
  );
}
