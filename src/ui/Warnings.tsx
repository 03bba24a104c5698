import { AlertTitle, Typography } from '@mui/material';
import { Message } from './Message';
import { sentence } from './sentence';
import { useText } from './text';

/** The warnings of a run; nothing where there are none. */
export function Warnings({ of }: { of: readonly string[] }) {
  const { t } = useText();
  if (of.length === 0) return null;
  return (
    <Message severity="warning">
      <AlertTitle>{t('{{count}} warnings', { count: of.length })}</AlertTitle>
      {of.map(warning => (
        <Typography key={warning} variant="body2">
          {sentence(warning)}
        </Typography>
      ))}
    </Message>
  );
}
