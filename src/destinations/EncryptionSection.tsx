import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack, Typography } from '@mui/material';
import { useState } from 'react';
import type { Destination, DestinationEncryption } from '../../sidecar/api';
import { KIT_STORED_ANNOTATION } from '../../sidecar/api/names.ts';
import { lackText, useSecretLack } from '../access/useLack';
import { destinationClient } from '../api/clients/destinationClient';
import { refresh } from '../api/queries/queries';
import { connectionTo } from '../api/session/connection';
import { TroubleMessage } from '../setup/TroubleMessage';
import { ActionButton } from '../ui/buttons/ActionButton';
import { Facts } from '../ui/Facts';
import { kitIcon, lockIcon, openIcon, successIcon } from '../ui/icons';
import { type Translate, useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { saveText } from './saveText';
import { SecretProblem } from './SecretProblem';
import { UnlockDialog } from './UnlockDialog';
import { useAction } from './useAction';
import { useSecret } from './useSecret';

interface EncryptionSectionProps {
  cluster: string;
  destination: Destination;
  encryption: DestinationEncryption;
  /** Why the person may not unlock or lock it, and whom to ask. */
  why: string | undefined;
}

/** How archives are encrypted, whether NKVM can read them now, and what a person needs to read them without it. */
export function EncryptionSection(props: EncryptionSectionProps) {
  const { cluster, destination, encryption, why } = props;
  const { t } = useText();
  const { name } = destination;
  const client = destinationClient(connectionTo(cluster));
  const { start, isBusy, trouble } = useAction();
  const secret = useSecret(cluster);
  const patch = useSecretLack(cluster, 'patch');
  const [isUnlocking, setUnlocking] = useState(false);
  const act = (call: (signal: AbortSignal) => Promise<unknown>) =>
    void start(async signal => {
      await call(signal);
      await refresh(cluster);
    });
  const { isUnlocked, kitStoredAt } = encryption;
  return (
    <SectionBox title={t('Encryption')}>
      <Stack spacing={2}>
        <Facts
          rows={[
            { name: t('Encrypted for'), value: keysText(encryption, t) },
            {
              name: t('Reading'),
              value: isUnlocked
                ? t('Unlocked. NKVM holds the key in its memory until it stops.')
                : t('Locked. Backups are written; to restore and browse, NKVM needs the key.'),
            },
            {
              name: t('Recovery kit'),
              value: kitStoredAt ? (
                <>
                  {t('Stored')} <Ago date={kitStoredAt} />
                </>
              ) : (
                t('Not stored yet')
              ),
            },
          ]}
        />
        <Stack direction="row" flexWrap="wrap" gap={1.5}>
          {!isUnlocked && (
            <ActionButton
              icon={openIcon}
              text={t('Unlock…')}
              isInert={isBusy}
              why={why}
              onClick={() => setUnlocking(true)}
            />
          )}
          {isUnlocked && !encryption.hasPassphrase && (
            <ActionButton
              icon={lockIcon}
              text={t('Lock')}
              isInert={isBusy}
              why={why}
              onClick={() => act(signal => client.lock(name, { signal }))}
            />
          )}
          <ActionButton
            icon={kitIcon}
            text={t('Download the recovery kit')}
            isInert={isBusy}
            onClick={() =>
              act(async signal => {
                const kit = await client.recoveryKit(name, { signal });
                saveText(kit.text, kit.fileName);
              })
            }
          />
          {!kitStoredAt && (
            <ActionButton
              icon={successIcon}
              text={t('I have stored it')}
              isInert={secret.isBusy}
              why={lackText(patch, t)}
              onClick={() =>
                void secret.write('patch', secrets =>
                  secrets.change(name, {
                    metadata: {
                      annotations: { [KIT_STORED_ANNOTATION]: new Date().toISOString() },
                    },
                  })
                )
              }
            />
          )}
        </Stack>
        <Typography variant="body2" color="text.secondary">
          {t(
            'The kit lists the location of the archives and the commands that open them. It does not contain the secret key. Store both together, outside this cluster.'
          )}
        </Typography>
        <TroubleMessage trouble={trouble} />
        <SecretProblem cluster={cluster} trouble={secret.trouble} />
      </Stack>
      <UnlockDialog
        isOpen={isUnlocking}
        hasPassphrase={encryption.hasPassphrase}
        onClose={() => setUnlocking(false)}
        onUnlock={key => {
          setUnlocking(false);
          act(signal => client.unlock(name, key, { signal }));
        }}
      />
    </SectionBox>
  );
}

function keysText({ recipients, hasPassphrase }: DestinationEncryption, t: Translate): string {
  return [
    recipients > 0 && t('{{count}} keys', { count: recipients }),
    hasPassphrase && t('a passphrase'),
  ]
    .filter(Boolean)
    .join(', ');
}
