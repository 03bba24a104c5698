import { Box, Button, Stack } from '@mui/material';
import { useState } from 'react';
import { type Trouble, troubleOf } from '../api/trouble';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { troubleText } from './troubleText';

interface LoadOlderProps {
  loadOlder(): Promise<void>;
  /** Of a list that is not one of runs. */
  isOfRows?: boolean;
}

/** Asks for older runs; says why they cannot be had. */
export function LoadOlder({ loadOlder, isOfRows = false }: LoadOlderProps) {
  const { t } = useText();
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  async function load() {
    setBusy(true);
    setTrouble(undefined);
    await loadOlder().catch(error => setTrouble(troubleOf(error)));
    setBusy(false);
  }
  const why = trouble && troubleText(trouble, t);
  return (
    <Stack spacing={1} sx={{ mt: 1 }}>
      {why && <Message severity="warning">{`${why.title}. ${why.text}`}</Message>}
      <Box sx={{ textAlign: 'center' }}>
        <Button aria-disabled={isBusy || undefined} onClick={isBusy ? undefined : load}>
          {isOfRows ? t('Show more') : t('Show older runs')}
        </Button>
      </Box>
    </Stack>
  );
}
