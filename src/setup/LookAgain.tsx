import { Icon } from '@iconify/react';
import { Button, Stack } from '@mui/material';
import type { ReactNode } from 'react';
import { tryAgain } from '../api/queries';
import { retryIcon } from '../ui/icons';
import { useText } from '../ui/text';

/** Asks the sidecar anew, with new tokens. */
export function LookAgain({ cluster, children }: { cluster: string; children?: ReactNode }) {
  const { t } = useText();
  return (
    <Stack direction="row" gap={1} justifyContent="center" flexWrap="wrap">
      <Button
        variant="outlined"
        startIcon={<Icon icon={retryIcon} />}
        onClick={() => tryAgain(cluster)}
      >
        {t('Look again')}
      </Button>
      {children}
    </Stack>
  );
}
