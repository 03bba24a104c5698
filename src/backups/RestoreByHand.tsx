import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack, Typography } from '@mui/material';
import { Command } from '../ui/Copyable';
import { useText } from '../ui/text';
import { copyCommand } from './copyCommand';

interface RestoreByHandProps {
  /** Of the API. It names the archive by its path in the pod of the sidecar. */
  command: string;
  archive: string | null;
}

/** How to restore an archive with tar alone, and where to run that. */
export function RestoreByHand({ command, archive }: RestoreByHandProps) {
  const { t } = useText();
  const copy = archive && copyCommand(archive);
  return (
    <SectionBox title={t('Restore by hand')}>
      <Stack spacing={1}>
        <Typography color="text.secondary">
          {t(
            'The archive is a plain tar file. This command extracts it without NKVM. Run it where the archive is, in the NKVM pod or on a machine with the same storage.'
          )}
        </Typography>
        <Command text={command} />
        {copy && (
          <>
            <Typography color="text.secondary">
              {t('To extract it on another machine, copy the archive there first')}
            </Typography>
            <Command text={copy} />
          </>
        )}
      </Stack>
    </SectionBox>
  );
}
