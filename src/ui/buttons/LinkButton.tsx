import { Link } from '@mui/material';
import type { ReactNode } from 'react';

/** A small action within text, which looks like a link and is a button. */
export function LinkButton({ children, onClick }: { children: ReactNode; onClick(): void }) {
  return (
    <Link
      component="button"
      type="button"
      variant="body2"
      onClick={onClick}
      sx={{ verticalAlign: 'baseline', textAlign: 'left' }}
    >
      {children}
    </Link>
  );
}
