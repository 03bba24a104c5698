import { Button } from '@mui/material';
import { startOver } from '../api/queries/queries';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';

interface NotShownProps {
  clusters: string[];
  error: unknown;
  again(): void;
}

/** In place of what cannot be shown: an answer is not what these pages expect, or they have a fault. */
export function NotShown({ clusters, error, again }: NotShownProps) {
  const { t } = useText();
  const look = () => {
    clusters.forEach(startOver);
    again();
  };
  return (
    <Message
      severity="error"
      action={
        <Button color="inherit" size="small" onClick={look} sx={{ whiteSpace: 'nowrap' }}>
          {t('Try again')}
        </Button>
      }
    >
      {t(
        'The answer of NKVM cannot be shown ({{error}}). NKVM and this plugin may be of different versions, or something else answered in its place. Compare their versions, and update the older one.',
        { error: error instanceof Error ? error.message : String(error) }
      )}
    </Message>
  );
}
