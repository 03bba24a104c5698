import { Stack, Typography } from '@mui/material';
import { useState } from 'react';
import { useHistory } from 'react-router-dom';
import type { Destination } from '../../sidecar/api';
import { lackText, useSecretLack } from '../access/useLack';
import { DESTINATIONS_ROUTE } from '../routes';
import { ActionButton } from '../ui/buttons/ActionButton';
import { deleteIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';
import { useUrlOf } from './DestinationLink';
import { SecretProblem } from './SecretProblem';
import { useSecret } from './useSecret';

/** Removes a destination from NKVM, after saying what that means. What is stored there is never deleted. */
export function DeleteButton({
  cluster,
  destination,
}: {
  cluster: string;
  destination: Destination;
}) {
  const { t } = useText();
  const history = useHistory();
  const url = useUrlOf(cluster)(DESTINATIONS_ROUTE);
  const [isAsking, setAsking] = useState(false);
  const secret = useSecret(cluster);
  const { name, catalog, isDefault } = destination;
  async function remove() {
    if (await secret.write('delete', secrets => secrets.remove(name))) history.push(url);
  }
  return (
    <>
      <ActionButton
        icon={deleteIcon}
        text={t('Remove…')}
        why={lackText(useSecretLack(cluster, 'delete'), t)}
        onClick={() => setAsking(true)}
      />
      <TextDialog
        title={t('Remove destination {{name}}?', { name })}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        actions={
          <>
            <ActionButton variant="text" text={t('Keep it')} onClick={() => setAsking(false)} />
            <ActionButton
              variant="contained"
              isDangerous
              text={t('Remove the destination')}
              isInert={secret.isBusy}
              onClick={() => void remove()}
            />
          </>
        }
      >
        <Stack spacing={2}>
          <Typography>
            {t(
              'Its Secret with the credentials is deleted. The archives stay where they are. NKVM finds them again if you add the same Secret.'
            )}
          </Typography>
          {catalog === null ? (
            <Message severity="warning">
              {t(
                'The contents have not been read yet. This destination may hold the only copy of some backups.'
              )}
            </Message>
          ) : (
            catalog.onlyHere > 0 && (
              <Message severity="warning">
                {t(
                  '{{count}} backups have no other copy. They cannot be restored until the destination is added again.',
                  {
                    count: catalog.onlyHere,
                  }
                )}
              </Message>
            )
          )}
          {isDefault && (
            <Message severity="warning">
              {t('It is a default destination. New backups will no longer go there.')}
            </Message>
          )}
          <SecretProblem cluster={cluster} trouble={secret.trouble} />
        </Stack>
      </TextDialog>
    </>
  );
}
