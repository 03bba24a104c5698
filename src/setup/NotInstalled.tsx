import { Box, Button, Typography } from '@mui/material';
import { openNamespaceCommand } from '../../sidecar/api/names.ts';
import { Command } from '../ui/Copyable';
import { setupIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { INSTALL_COMMAND, MANIFESTS_URL } from './commands';
import { LookAgain } from './LookAgain';

/** In place of a page, in a cluster without a sidecar: how to install it. */
export function NotInstalled({ cluster }: { cluster: string }) {
  const { t } = useText();
  return (
    <Notice
      icon={setupIcon}
      title={t('Backups are not set up in this cluster')}
      text={t(
        'Volumes & Backups needs a small service in the cluster. It keeps to its own namespace, and reads a volume only where you allow it.'
      )}
    >
      <Box component="ol" sx={{ textAlign: 'left', pl: 2.5, '& li + li': { mt: 2 } }}>
        <li>
          <Typography gutterBottom>
            {t('An administrator installs it once, from a copy of its repository')}
          </Typography>
          <Command text={INSTALL_COMMAND} />
        </li>
        <li>
          <Typography gutterBottom>
            {t('and opens each namespace that may be backed up')}
          </Typography>
          <Command text={openNamespaceCommand('NAMESPACE')} />
        </li>
      </Box>
      <LookAgain cluster={cluster}>
        <Button href={MANIFESTS_URL} target="_blank" rel="noopener noreferrer">
          {t('See what is installed')}
        </Button>
      </LookAgain>
    </Notice>
  );
}
