import type { Theme } from '@mui/material';

type Meaning = 'success' | 'error' | 'warning';

/**
 * The colour of an icon, readable on the page's ground. `success.main` and `error.main` of Headlamp's dark themes are
 * grounds of labels: nearly white, and dark red.
 */
export const statusColor =
  (meaning: Meaning) =>
  (theme: Theme): string => {
    const home = (theme.palette as { home?: { status?: Partial<Record<Meaning, string>> } }).home;
    const isDark = theme.palette.mode === 'dark';
    // In light themes Headlamp's own `warning` is a ground, too.
    if (meaning === 'warning') return isDark ? home?.status?.warning ?? '#FEEE66' : '#8A5300';
    return home?.status?.[meaning] ?? theme.palette[meaning][isDark ? 'light' : 'main'];
  };
