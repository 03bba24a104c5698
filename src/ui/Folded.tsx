import { Box, Typography } from '@mui/material';
import type { ReactNode } from 'react';

/** A section of a page that few people need: its heading opens it. */
export function Folded({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Box component="details" sx={{ mx: 2, my: 3 }}>
      <Box
        component="summary"
        sx={{ cursor: 'pointer', py: 1, '&:focus-visible': { outline: '2px solid' } }}
      >
        <Typography component="h2" variant="h6" sx={{ display: 'inline', ml: 0.5 }}>
          {title}
        </Typography>
      </Box>
      <Box sx={{ mt: 1 }}>{children}</Box>
    </Box>
  );
}
