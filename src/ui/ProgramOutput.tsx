import { Typography } from '@mui/material';

interface ProgramOutputProps {
  /** What it is, for those who hear the page. */
  label: string;
  text: string;
}

/** The output of a program, as a terminal would show it. */
export function ProgramOutput({ label, text }: ProgramOutputProps) {
  return (
    <Typography
      component="pre"
      variant="body2"
      // A scroll area that the keyboard reaches, too.
      tabIndex={0}
      role="region"
      aria-label={label}
      sx={theme => ({
        m: 0,
        p: 1.5,
        maxHeight: '20em',
        overflow: 'auto',
        fontFamily: 'monospace',
        whiteSpace: 'pre-wrap',
        overflowWrap: 'anywhere',
        border: '1px solid',
        borderColor: theme.palette.divider,
        borderRadius: 1,
        background: theme.palette.background.muted,
      })}
    >
      {text}
    </Typography>
  );
}
