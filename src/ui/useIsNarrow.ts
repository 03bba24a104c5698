import { type Breakpoint, useMediaQuery, useTheme } from '@mui/material';

/** Whether the window is narrower than `than`; without it, as narrow as a phone's. */
export function useIsNarrow(than: Breakpoint = 'sm'): boolean {
  const { breakpoints } = useTheme();
  return useMediaQuery(breakpoints.down(than));
}
