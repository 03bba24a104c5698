import { NameValueTable } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import type { ComponentProps } from 'react';

/**
 * Headlamp's table of names and values. On a phone its names are as big as headings: here they stay small, and close to
 * their values.
 */
export function Facts({ rows }: Pick<ComponentProps<typeof NameValueTable>, 'rows'>) {
  return (
    <Box
      sx={({ breakpoints, palette }) => ({
        '& dl': { margin: 0 },
        [breakpoints.down('sm')]: {
          '& dt': { fontSize: '0.875rem', paddingBottom: 0, color: palette.text.secondary },
          '& dd': { paddingTop: 0, marginBottom: 0, color: palette.text.primary },
        },
      })}
    >
      <NameValueTable rows={rows} />
    </Box>
  );
}
