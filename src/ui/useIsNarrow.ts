import { useMediaQuery, useTheme } from '@mui/material';

/** Whether the window is as narrow as a phone's. */
export function useIsNarrow(): boolean {
  const { breakpoints } = useTheme();
  return useMediaQuery(breakpoints.down('sm'));
}
