import { Stack, Typography } from '@mui/material';
import { type ComponentProps, useId } from 'react';
import { ActionButton } from './ActionButton';

interface GuardedButtonProps extends ComponentProps<typeof ActionButton> {
  /** Why the person may not use it, and whom to ask; undefined: they may, or it is not known yet. */
  why: string | undefined;
}

/** A button that says below itself why a person may not use it. It keeps the focus, so that everybody can find out. */
export function GuardedButton({ why, isInert, ...button }: GuardedButtonProps) {
  const id = useId();
  return (
    <Stack spacing={0.5} alignItems="flex-start">
      <ActionButton
        {...button}
        isInert={isInert || why !== undefined}
        describedBy={why === undefined ? undefined : id}
      />
      {why !== undefined && (
        <Typography id={id} variant="body2" color="text.secondary" sx={{ maxWidth: 560 }}>
          {why}
        </Typography>
      )}
    </Stack>
  );
}
