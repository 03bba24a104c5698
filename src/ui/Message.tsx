import { Alert, type AlertProps } from '@mui/material';

/** MUI's Alert with the page's text colour, for links too: some of its own cannot be read on its backgrounds. */
export function Message({ sx, ...props }: AlertProps) {
  const links = { '& a': { color: 'inherit', textDecoration: 'underline' } };
  return (
    <Alert {...props} sx={{ color: 'text.primary', overflowWrap: 'anywhere', ...links, ...sx }} />
  );
}
