import { Alert, type AlertProps } from '@mui/material';

/** MUI's Alert with the page's text colour: in Headlamp's dark theme that of a warning cannot be read. */
export function Message({ sx, ...props }: AlertProps) {
  return <Alert {...props} sx={{ color: 'text.primary', overflowWrap: 'anywhere', ...sx }} />;
}
