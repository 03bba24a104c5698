import { Box, FormControlLabel, Radio, RadioGroup, Typography } from '@mui/material';
import { type ReactNode, useId } from 'react';

export interface Choice<T extends string> {
  value: T;
  title: ReactNode;
  /** What it means, in plain words. */
  text?: ReactNode;
  /** It cannot be chosen; the text says why. */
  isDisabled?: boolean;
  /** Is shown while it is chosen. */
  children?: ReactNode;
}

interface ChoicesProps<T extends string> {
  /** What is chosen here. */
  label: string;
  isLabelHidden?: boolean;
  value: T | undefined;
  choices: Choice<T>[];
  onChoose(value: T): void;
}

/** One of a few choices, each with what it means, and below the one that is chosen what belongs to it. */
export function Choices<T extends string>(props: ChoicesProps<T>) {
  const { label, isLabelHidden = false, value, choices, onChoose } = props;
  const id = useId();
  return (
    <Box>
      {!isLabelHidden && (
        <Typography id={id} component="h3" variant="subtitle1" gutterBottom>
          {label}
        </Typography>
      )}
      <RadioGroup
        aria-labelledby={isLabelHidden ? undefined : id}
        aria-label={isLabelHidden ? label : undefined}
        value={value ?? ''}
        onChange={(_, chosen) => onChoose(chosen as T)}
        sx={{ border: 1, borderColor: 'divider', borderRadius: 1, flexWrap: 'nowrap' }}
      >
        {choices.map(choice => (
          <OneChoice key={choice.value} choice={choice} isChosen={choice.value === value} />
        ))}
      </RadioGroup>
    </Box>
  );
}

function OneChoice<T extends string>({
  choice: { value, title, text, isDisabled, children },
  isChosen,
}: {
  choice: Choice<T>;
  isChosen: boolean;
}) {
  const id = useId();
  return (
    <Box sx={{ px: 1.5, py: 0.75, '& + &': { borderTop: 1, borderColor: 'divider' } }}>
      <FormControlLabel
        value={value}
        disabled={isDisabled}
        control={
          <Radio
            size="small"
            sx={{ alignSelf: 'flex-start', py: 0.5 }}
            inputProps={{ 'aria-describedby': text ? id : undefined }}
          />
        }
        label={title}
        sx={{ mr: 0, '& .MuiFormControlLabel-label': { overflowWrap: 'anywhere', minWidth: 0 } }}
      />
      {text && (
        <Typography
          id={id}
          component="div"
          variant="body2"
          color="text.secondary"
          sx={{ ml: '29px', overflowWrap: 'anywhere' }}
        >
          {text}
        </Typography>
      )}
      {isChosen && children && (
        <Box sx={{ ml: { xs: 0, sm: '29px' }, mt: 1.5, mb: 1 }}>{children}</Box>
      )}
    </Box>
  );
}
