import { AlertTitle, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import type { ShownHostKey } from '../../sidecar/api';
import { ActionButton } from '../ui/buttons/ActionButton';
import { CopyableText } from '../ui/Copyable';
import { keyIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';

interface HostKeyProps {
  hostKey: ShownHostKey;
  /** Another key was known before. */
  isChanged: boolean;
  isBusy?: boolean;
  /** The person says that it is the key of the server. */
  onTrust(): void;
}

/** The host key that a server has shown, to be compared before it is trusted. */
export function HostKey({ hostKey, isChanged, isBusy, onTrust }: HostKeyProps) {
  const { t } = useText();
  const [isAsking, setAsking] = useState(false);
  return (
    <Message severity="warning">
      <AlertTitle>
        {isChanged
          ? t('The server shows another host key than before')
          : t('The server shows this host key for the first time')}
      </AlertTitle>
      <CopyableText text={hostKey.fingerprint} label={t('Copy the fingerprint')} />
      <Typography variant="body2" sx={{ my: 1 }}>
        {isChanged
          ? t(
              'The server was reinstalled, or someone is intercepting the connection. Ask the administrator of the server before you trust the key.'
            )
          : t(
              'Compare it with the fingerprint that the administrator of the server gives you, or with the output of ssh-keygen -l there.'
            )}
      </Typography>
      <ActionButton
        icon={keyIcon}
        text={t('Trust this host key…')}
        isInert={isBusy}
        onClick={() => setAsking(true)}
      />
      <TextDialog
        title={t('Is this the key of your server?')}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        actions={
          <>
            <ActionButton variant="text" text={t('Cancel')} onClick={() => setAsking(false)} />
            <ActionButton
              variant="contained"
              text={t('Yes, trust it')}
              onClick={() => {
                setAsking(false);
                onTrust();
              }}
            />
          </>
        }
      >
        <Stack spacing={1.5}>
          <Typography sx={{ fontFamily: 'monospace', overflowWrap: 'anywhere' }}>
            {hostKey.fingerprint}
          </Typography>
          <Typography variant="body2">
            {t(
              'NKVM will connect only to a server with this key. If the key is wrong, your password and your archives are sent to someone else.'
            )}
          </Typography>
        </Stack>
      </TextDialog>
    </Message>
  );
}

/** Whether a key was known, and the server shows another one. */
export const isChangedKey = (check: {
  steps: { step: string; problem: { reason: string } | null }[];
}): boolean =>
  check.steps.some(
    ({ step, problem }) => step === 'host-key' && problem?.reason === 'HostKeyChanged'
  );
