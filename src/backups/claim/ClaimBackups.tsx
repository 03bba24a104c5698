import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack } from '@mui/material';
import type { VolumeRef } from '../../../sidecar/api';
import { LackNote } from '../../access/LackNote';
import { TO_READ, useLack } from '../../access/useLack';
import { useVolume } from '../../api/queries/queries';
import { Proven } from '../../checks/Proven';
import { Link } from '../../otherClusters/Link';
import { VolumePolicySection } from '../../policy/VolumePolicySection';
import { RestoreButton } from '../../restores/RestoreLink';
import { RestoreList } from '../../restores/RestoreList';
import { VOLUME_ROUTE } from '../../routes';
import { Message } from '../../ui/Message';
import { useText } from '../../ui/text';
import { scheduleTargetOf } from '../../volumes/row';
import { nextStepOf } from '../run/nextStep';
import { BackUpTo } from '../start/BackUpTo';
import { Blocked } from '../start/Blocked';
import { ClaimRuns } from './ClaimRuns';

interface ClaimBackupsProps {
  cluster: string;
  claim: VolumeRef;
  uid?: string;
}

/** The section Backups on a claim's own page: what prevents a backup, the run in progress, and earlier runs. */
export function ClaimBackups({ cluster, claim, uid }: ClaimBackupsProps) {
  const { t } = useText();
  const { value: volume } = useVolume(cluster, claim);
  const step = volume && nextStepOf(volume);
  const read = useLack(cluster, { ...claim, namespace: volume ? claim.namespace : '' }, TO_READ);
  return (
    <>
      {volume && (
        <VolumePolicySection
          cluster={cluster}
          claim={claim}
          usedBy={scheduleTargetOf({ cluster, volume }).usedBy}
          isShort
        />
      )}
      <SectionBox title={t('Backups')}>
        <Stack spacing={2}>
          {step?.kind === 'blocked' && (
            <Message severity="info">
              <Blocked step={step} access={{ cluster, namespace: claim.namespace }} />
            </Message>
          )}
          <ClaimRuns cluster={cluster} claim={claim} uid={volume?.uid ?? uid} />
          {volume?.lastProvenRestore && (
            <Proven
              cluster={cluster}
              namespace={claim.namespace}
              proven={volume.lastProvenRestore}
            />
          )}
          {volume?.lastSuccess && <LackNote cluster={cluster} lacks={[read]} />}
          {volume && (
            <Stack direction="row" alignItems="center" flexWrap="wrap" gap={2}>
              {volume.lastSuccess && (
                <RestoreButton
                  cluster={cluster}
                  start={{ backup: volume.lastSuccess.id, from: claim }}
                  label={t('Restore {{volume}}', { volume: `${claim.namespace}/${claim.name}` })}
                />
              )}
              {step?.kind === 'backUp' && <BackUpTo targets={[{ cluster, ...claim }]} />}
              <Link
                routeName={VOLUME_ROUTE.name}
                params={{ namespace: claim.namespace, name: claim.name }}
                activeCluster={cluster}
              >
                {t('All backups of this volume')}
              </Link>
            </Stack>
          )}
        </Stack>
      </SectionBox>
      <RestoreList cluster={cluster} claim={claim} />
    </>
  );
}
