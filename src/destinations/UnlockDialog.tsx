import { Stack, TextField, Typography } from '@mui/material';
import { useState } from 'react';
import type { UnlockDestination } from '../../sidecar/api';
import { ActionButton } from '../ui/buttons/ActionButton';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';

interface UnlockDialogProps {
  isOpen: boolean;
  hasPassphrase: boolean;
  onClose(): void;
  onUnlock(key: UnlockDestination): void;
}

/** Asks for the key of encrypted archives. What is typed is forgotten when the dialog closes. */
export function UnlockDialog({ isOpen, hasPassphrase, onClose, onUnlock }: UnlockDialogProps) {
  const { t } = useText();
  const [typed, setTyped] = useState('');
  const key = hasPassphrase && !isIdentity(typed) ? typed : typed.trim();
  const close = () => {
    setTyped('');
    onClose();
  };
  const isReady = hasPassphrase ? key !== '' : isIdentity(key);
  const unlock = () => {
    if (!isReady) return;
    setTyped('');
    onUnlock(isIdentity(key) ? { identity: identityOf(key) } : { passphrase: key });
  };
  return (
    <TextDialog
      title={t('Unlock the archives')}
      isOpen={isOpen}
      onClose={close}
      actions={
        <>
          <ActionButton variant="text" text={t('Cancel')} onClick={close} />
          <ActionButton
            variant="contained"
            text={t('Unlock')}
            isInert={!isReady}
            onClick={unlock}
          />
        </>
      }
    >
      <Stack
        spacing={2}
        component="form"
        onSubmit={(event: React.FormEvent) => {
          event.preventDefault();
          unlock();
        }}
      >
        <Typography>
          {t(
            'NKVM keeps the key in its memory, never on a disk, until it stops or you lock the archives again.'
          )}
        </Typography>
        <TextField
          size="small"
          type="password"
          autoComplete="off"
          label={hasPassphrase ? t('Passphrase, or secret key') : t('Secret key')}
          placeholder={hasPassphrase ? undefined : 'AGE-SECRET-KEY-1…'}
          value={typed}
          onChange={event => setTyped(event.target.value)}
          error={!hasPassphrase && typed !== '' && !isReady}
          helperText={
            !hasPassphrase && typed !== '' && !isReady
              ? t('A secret key begins with AGE-SECRET-KEY-1')
              : ' '
          }
        />
      </Stack>
    </TextDialog>
  );
}

const IDENTITY = /AGE-SECRET-KEY-1[0-9A-Z]+/;
const isIdentity = (text: string) => IDENTITY.test(text);
/** A file of age-keygen, pasted into one line, has comments in it. */
const identityOf = (text: string) => IDENTITY.exec(text)?.[0] ?? '';
