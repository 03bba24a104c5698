import { Stack } from '@mui/material';
import type { ReactNode } from 'react';

/** The buttons below a step, the one that leads on at the end. */
export function Buttons({ children }: { children: ReactNode }) {
  return (
    <Stack direction="row" flexWrap="wrap" gap={1.5}>
      {children}
    </Stack>
  );
}
