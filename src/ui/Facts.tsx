import { NameValueTable } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import type { ComponentProps } from 'react';

type FactsProps = Pick<ComponentProps<typeof NameValueTable>, 'rows'> & { isInDialog?: boolean };

/**
 * Headlamp's table of names and values. On a phone its names are as big as headings: here they stay small, and close to
 * their values.
 */
export function Facts({ rows, isInDialog = false }: FactsProps) {
  return (
    <Box
      sx={({ breakpoints, palette }) => ({
        '& dl': { margin: 0 },
        // Headlamp gives names a sixth of the width, which is too little in a dialog, and beside the sidebar.
        [isInDialog ? breakpoints.up('sm') : breakpoints.between('md', 'lg')]: {
          '& dt': { flexBasis: '30%', maxWidth: '30%' },
          '& dd': { flexBasis: '70%', maxWidth: '70%' },
        },
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
