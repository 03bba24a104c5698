import type { Theme } from '@mui/material';
import { expect, it } from 'vitest';
import { statusColor } from './statusColor';

/** As Headlamp's themes: in dark ones `main` is the ground of a label. */
const theme = (mode: 'light' | 'dark', home?: object) =>
  ({
    palette: {
      mode,
      home,
      success: { main: '#e8f5e9', light: '#54B054' },
      error: { main: '#c62828', light: '#E37D80' },
      warning: { main: '#ff9800', light: '#FEEE66' },
    },
  } as unknown as Theme);

it('is that of the theme for states', () => {
  const home = { status: { success: '#107C10', error: '#aa0000' } };
  expect(statusColor('success')(theme('light', home))).toBe('#107C10');
  expect(statusColor('error')(theme('dark', home))).toBe('#aa0000');
});

it('can be seen on a dark ground in a theme without such colours', () => {
  expect(statusColor('success')(theme('dark'))).toBe('#54B054');
  expect(statusColor('error')(theme('dark'))).toBe('#E37D80');
});
