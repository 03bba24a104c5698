import { Box } from '@mui/material';
import { type ReactNode, useState } from 'react';

/** A table that says the same as the picture above it. It is made when it is opened. */
export function AsTable({ text, children }: { text: string; children(): ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Box
      component="details"
      onToggle={({ currentTarget }) => setOpen((currentTarget as HTMLDetailsElement).open)}
      sx={{ mt: 1 }}
    >
      <Box
        component="summary"
        sx={{
          cursor: 'pointer',
          fontSize: '0.875rem',
          py: 0.5,
          '&:focus-visible': { outline: '2px solid' },
        }}
      >
        {text}
      </Box>
      {isOpen && <Box sx={{ mt: 1 }}>{children()}</Box>}
    </Box>
  );
}
