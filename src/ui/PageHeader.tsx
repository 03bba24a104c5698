import { SectionHeader } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import type { ComponentProps } from 'react';

/** Headlamp's header of a page. Its title may be a name of 253 characters without a gap: it never makes the page wider than the window. */
export function PageHeader({ title, ...props }: ComponentProps<typeof SectionHeader>) {
  return (
    <SectionHeader
      {...props}
      title={
        <Box component="span" sx={{ overflowWrap: 'anywhere' }}>
          {title}
        </Box>
      }
    />
  );
}
