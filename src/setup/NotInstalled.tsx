import { Box, Button, Typography } from '@mui/material';
import { openNamespaceCommand } from '../../sidecar/api/names.ts';
import { Command } from '../ui/Copyable';
import { useText } from '../ui/text';
import { INSTALL_COMMAND, MANIFESTS_URL } from './commands';

/** How to install the sidecar in a cluster without one. */
export function InstallSteps() {
  const { t } = useText();
  return (
    <Box component="ol" sx={{ textAlign: 'left', pl: 2.5, '& li + li': { mt: 2 } }}>
      <li>
        <Typography gutterBottom>
          {t('Install it once, as a cluster administrator, from a checkout of the repository')}
        </Typography>
        <Command text={INSTALL_COMMAND} />
      </li>
      <li>
        <Typography gutterBottom>
          {t('Allow backups in each namespace that you want to back up')}
        </Typography>
        <Command text={openNamespaceCommand('NAMESPACE')} />
      </li>
    </Box>
  );
}

export function WhatIsInstalled() {
  const { t } = useText();
  return (
    <Button href={MANIFESTS_URL} target="_blank" rel="noopener noreferrer">
      {t('See what is installed')}
    </Button>
  );
}
