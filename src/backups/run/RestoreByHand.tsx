import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Stack, Typography } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { placeOf } from '../../api/session/place';
import { Command } from '../../ui/Copyable';
import { useText } from '../../ui/text';
import { byHand } from './byHand';

interface RestoreByHandProps {
  cluster: string;
  backup: Backup;
  /** Extracts the archive in the pod of NKVM. */
  command: string;
}

/** How to restore an archive without NKVM: commands that work as they are pasted, and where to run them. */
export function RestoreByHand({ cluster, backup, command }: RestoreByHandProps) {
  const { t } = useText();
  const commands = byHand(backup, placeOf(cluster).namespace);
  return (
    <SectionBox title={t('Restore manually')}>
      <Stack spacing={1.5}>
        <Typography color="text.secondary">
          {t('The archive is a plain tar file. These commands restore it without NKVM.')}
        </Typography>
        {commands && (
          <>
            <Way
              text={t('Copy the archive to your machine and check it')}
              command={commands.copy}
            />
            <Way
              text={t('Extract it there into a new folder. Run tar as root to restore owners too')}
              command={commands.extract}
            />
            <Way
              text={t(
                'Or restore it into the claim, which must be empty, from a checkout of the NKVM repository'
              )}
              command={commands.intoClaim}
            />
          </>
        )}
        <Way
          text={t('Or extract it in the NKVM pod, or on a machine with the same storage')}
          command={command}
        />
      </Stack>
    </SectionBox>
  );
}

function Way({ text, command }: { text: string; command: string }) {
  return (
    <Box>
      <Typography variant="body2" gutterBottom>
        {text}
      </Typography>
      <Command text={command} />
    </Box>
  );
}
