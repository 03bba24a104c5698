import { Box, Typography } from '@mui/material';
import type { ReactNode } from 'react';

interface Figure {
  label: string;
  value: ReactNode;
}

/** A few values with their names, side by side as far as there is room. */
export function Figures({ figures }: { figures: (Figure | false | null)[] }) {
  return (
    <Box
      component="dl"
      sx={{
        display: 'grid',
        gridTemplateColumns: 'repeat(auto-fill, minmax(8.5rem, 1fr))',
        columnGap: 2,
        rowGap: 1.5,
        m: 0,
      }}
    >
      {figures.map(
        figure =>
          figure && (
            <div key={figure.label}>
              <Typography component="dt" variant="caption" color="text.secondary">
                {figure.label}
              </Typography>
              <Typography component="dd" variant="body2" sx={{ m: 0, overflowWrap: 'anywhere' }}>
                {figure.value}
              </Typography>
            </div>
          )
      )}
    </Box>
  );
}
