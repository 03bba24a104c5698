import { Box, Tooltip } from '@mui/material';
import { type ReactElement, useId } from 'react';
import { visuallyHidden } from '../Announcement';

interface WithReasonProps {
  /** Why a person may not use the control, and whom to ask; undefined: they may, or it is not known. */
  why: string | undefined;
  /** @param about what an inert control takes: it does nothing then, but keeps the focus. */
  children(about: { 'aria-disabled'?: true; 'aria-describedby'?: string }): ReactElement;
}

/** A control that says why a person may not use it: to those who point at it, move the focus there, or hear the page. */
export function WithReason({ why, children }: WithReasonProps) {
  const id = useId();
  return (
    <>
      <Tooltip title={why ?? ''} describeChild enterTouchDelay={0}>
        {children(why === undefined ? {} : { 'aria-disabled': true, 'aria-describedby': id })}
      </Tooltip>
      {why !== undefined && (
        <Box component="span" id={id} sx={visuallyHidden}>
          {why}
        </Box>
      )}
    </>
  );
}
