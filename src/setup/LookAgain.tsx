import { Icon } from '@iconify/react';
import { Button } from '@mui/material';
import { useState } from 'react';
import { tryAgain } from '../api/queries/queries';
import { retryIcon } from '../ui/icons';
import { useText } from '../ui/text';

/** Asks the sidecar again, with new tokens. */
export function LookAgain({ cluster, isSmall = false }: { cluster: string; isSmall?: boolean }) {
  const { t } = useText();
  const [isBusy, setBusy] = useState(false);
  const look = () => {
    setBusy(true);
    void tryAgain(cluster).finally(() => setBusy(false));
  };
  return (
    <Button
      variant={isSmall ? 'text' : 'outlined'}
      size={isSmall ? 'small' : 'medium'}
      color={isSmall ? 'inherit' : 'primary'}
      startIcon={<Icon icon={retryIcon} />}
      aria-disabled={isBusy || undefined}
      onClick={isBusy ? undefined : look}
      sx={{ whiteSpace: 'nowrap', opacity: isBusy ? 0.5 : undefined }}
    >
      {t('Try again')}
    </Button>
  );
}
