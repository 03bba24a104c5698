import { Box, type SxProps, type Theme, Tooltip } from '@mui/material';
import type { ReactNode } from 'react';

interface MarkProps {
  /** For the tooltip and for screen readers. */
  text: string;
  /** Props of `useRoving`. */
  item: Record<string, unknown>;
  sx: SxProps<Theme>;
  /** Distance of the outline in focus, in px. */
  outlineOffset: number;
  children?: ReactNode;
}

/** One mark of a picture: it is read and reached by keys, and nothing happens on a click. */
export function Mark({ text, item, sx, outlineOffset, children }: MarkProps) {
  return (
    <Tooltip title={text}>
      <Box
        component="button"
        type="button"
        aria-label={text}
        {...item}
        sx={[
          {
            p: 0,
            cursor: 'default',
            '&:focus-visible': {
              outline: '2px solid',
              outlineOffset: `${outlineOffset}px`,
              zIndex: 1,
            },
          },
          ...(Array.isArray(sx) ? sx : [sx]),
        ]}
      >
        {children}
      </Box>
    </Tooltip>
  );
}
