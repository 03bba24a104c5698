import { type Breakpoint, useMediaQuery, useTheme } from '@mui/material';

/** Whether the window is narrower than `than`, in px or by name; without it, as narrow as a phone's. */
export function useIsNarrow(than: Breakpoint | number = 'sm'): boolean {
  const { breakpoints } = useTheme();
  return useMediaQuery(breakpoints.down(than));
}
