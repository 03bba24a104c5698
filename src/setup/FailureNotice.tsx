import { Icon } from '@iconify/react';
import { Box, Button } from '@mui/material';
import type { Failure } from '../api/failure';
import { tryAgain } from '../api/queries';
import { alertIcon, lockIcon, retryIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';

/** In place of contents that the sidecar did not give. A 403 names the missing right by itself. */
export function FailureNotice({ cluster, failure }: { cluster: string; failure: Failure }) {
  const { t } = useText();
  const isForbidden = failure.status === 403;
  return (
    <Notice
      icon={isForbidden ? lockIcon : alertIcon}
      title={isForbidden ? t('You may not see this') : t('This could not be loaded')}
      text={failure.message}
    >
      <Box>
        <Button
          variant="outlined"
          startIcon={<Icon icon={retryIcon} />}
          onClick={() => tryAgain(cluster)}
        >
          {t('Look again')}
        </Button>
      </Box>
    </Notice>
  );
}
