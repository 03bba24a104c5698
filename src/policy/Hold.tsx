import { Box, Typography } from '@mui/material';
import type { RetentionPlan, VolumeRef } from '../../sidecar/api';
import { lackText, useOwnLack } from '../access/useLack';
import { policyClient } from '../api/clients/policyClient';
import { isOfHeadlamp } from '../api/clusterRef';
import { changeMetadata, toChange } from '../api/objects';
import { connectionTo } from '../api/session/connection';
import { ConfirmButton } from '../restores/ConfirmButton';
import { successIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { acceptChange } from './choices';

interface HoldProps {
  cluster: string;
  claim: VolumeRef;
  plan: RetentionPlan;
}

/** Why nothing is deleted at a destination, and how a person lets retention go on. */
export function Hold({ cluster, claim, plan }: HoldProps) {
  const { t } = useText();
  const { hold, destination, archives } = plan;
  const ref = { kind: 'PersistentVolumeClaim' as const, ...claim };
  const lack = useOwnLack(cluster, toChange(ref));
  if (!hold) return null;
  const { removed } = hold;
  const [newest] = archives;
  const volume = `${claim.namespace}/${claim.name}`;
  return (
    <Message severity="warning">
      <strong>{t('No backups are deleted at {{destination}}.', { destination })}</strong>{' '}
      {sentence(hold.message)}. {hold.hint && `${sentence(hold.hint)}.`}
      {isOfHeadlamp(cluster) && hold.kind === 'anomaly' && newest && (
        <Box sx={{ mt: 1 }}>
          <ConfirmButton
            cluster={cluster}
            icon={successIcon}
            text={t('Accept the change…')}
            label={t('Accept the change of {{volume}}', { volume })}
            title={t('Accept the change of {{volume}}?', { volume })}
            no={t('Keep all backups')}
            yes={t('Accept the change')}
            why={lackText(lack, t)}
            failure={t('The change could not be accepted')}
            act={() => changeMetadata(cluster, ref, acceptChange(newest.backup))}
          >
            <Typography>
              {t(
                'The data of the newest backup is as it should be. Retention continues, and older backups are deleted as planned.'
              )}
            </Typography>
          </ConfirmButton>
        </Box>
      )}
      {removed !== undefined && (
        <Box sx={{ mt: 1 }}>
          <ConfirmButton
            cluster={cluster}
            icon={successIcon}
            isDangerous
            text={t('Approve the deletion…')}
            label={t('Approve the deletion at {{destination}}', { destination })}
            title={t('Delete {{count}} backups at {{destination}}?', {
              count: removed,
              destination,
            })}
            no={t('Keep all backups')}
            yes={t('Approve the deletion')}
            failure={t('The deletion could not be approved')}
            act={() =>
              policyClient(connectionTo(cluster)).approve(destination, removed, {
                namespace: claim.namespace,
              })
            }
          >
            <Typography>
              {t(
                'The plan deletes {{count}} backups at {{destination}} at once. NKVM deletes them only if the plan still has this number.',
                { count: removed, destination }
              )}
            </Typography>
          </ConfirmButton>
        </Box>
      )}
    </Message>
  );
}
