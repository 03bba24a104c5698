import { Button, Stack, TextField, Typography } from '@mui/material';
import { useState } from 'react';
import type { StartDrill } from '../../sidecar/api';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';
import { drillOf } from './drill';

interface DrillDialogProps {
  isOpen: boolean;
  onClose(): void;
  onStart(request: StartDrill): void;
}

/** Says what a drill does, and asks for a command that looks at the restored volume. */
export function DrillDialog({ isOpen, onClose, onStart }: DrillDialogProps) {
  const { t } = useText();
  const [image, setImage] = useState('');
  const [command, setCommand] = useState('');
  const [storageClass, setStorageClass] = useState('');
  const drill = drillOf({ image, command, storageClass });
  return (
    <TextDialog
      title={t('Restore drill')}
      isOpen={isOpen}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('Close')}</Button>
          <Button
            variant="contained"
            aria-disabled={!drill || undefined}
            // While the dialog closes, it can still be clicked.
            onClick={() => isOpen && drill && onStart(drill)}
            sx={{ opacity: drill ? undefined : 0.5 }}
          >
            {t('Start the drill')}
          </Button>
        </>
      }
    >
      <Stack spacing={2}>
        <Typography>
          {t(
            'The backup is restored into a new claim in the same namespace, every file is compared with the archive, and the claim is deleted again. The volume itself is not touched.'
          )}
        </Typography>
        <Typography variant="subtitle2" component="h3">
          {t('Check command (optional)')}
        </Typography>
        <Typography variant="body2" color="text.secondary">
          {t(
            'Runs in a pod with the restored volume as its working directory. The drill succeeds only if it ends with 0.'
          )}
        </Typography>
        <TextField
          size="small"
          label={t('Image')}
          placeholder="postgres:17"
          value={image}
          onChange={event => setImage(event.target.value)}
          error={!drill && !image.trim()}
          helperText={!drill && !image.trim() ? t('Image and command belong together.') : undefined}
        />
        <TextField
          size="small"
          label={t('Command')}
          placeholder="test -s PG_VERSION"
          multiline
          maxRows={6}
          value={command}
          onChange={event => setCommand(event.target.value)}
          error={!drill && !command.trim()}
          helperText={
            !drill && !command.trim()
              ? t('Image and command belong together.')
              : t('Runs with sh -c.')
          }
          InputProps={{ sx: { fontFamily: 'monospace' } }}
        />
        <TextField
          size="small"
          label={t('Storage class')}
          value={storageClass}
          onChange={event => setStorageClass(event.target.value)}
          helperText={t('Leave empty to use the class of the volume.')}
        />
      </Stack>
    </TextDialog>
  );
}
