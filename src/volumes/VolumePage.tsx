import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Paper, Stack, Typography } from '@mui/material';
import type { ReactNode } from 'react';
import { useParams } from 'react-router-dom';
import type { Volume, VolumePolicy, VolumeRef } from '../../sidecar/api';
import { AccessLink } from '../access/AccessLink';
import { LackNote } from '../access/LackNote';
import { TO_READ, useLack } from '../access/useLack';
import { usePolicy } from '../api/queries/policyQueries';
import { useVolume } from '../api/queries/queries';
import { nameInNkvm } from '../api/session/recordRef';
import { ClaimRuns } from '../backups/claim/ClaimRuns';
import { canBackUp, nextStepOf } from '../backups/run/nextStep';
import { Action } from '../backups/start/Action';
import { BackUpInFull } from '../backups/start/BackUpInFull';
import { BackUpTo } from '../backups/start/BackUpTo';
import { Blocked } from '../backups/start/Blocked';
import { ClusterLine } from '../otherClusters/ClusterLine';
import { Link } from '../otherClusters/Link';
import { useClusterRef } from '../otherClusters/useClusterRef';
import { VolumePolicySection } from '../policy/VolumePolicySection';
import { RestoreButton } from '../restores/RestoreLink';
import { RestoreList } from '../restores/RestoreList';
import { CLAIM_ROUTE, NAMESPACE_ROUTE, NODE_ROUTE } from '../routes';
import { Shown } from '../setup/Shown';
import { formatBytes } from '../ui/bytes';
import { Facts } from '../ui/Facts';
import { Message } from '../ui/Message';
import { PageHeader } from '../ui/PageHeader';
import { useText } from '../ui/text';
import { useNow } from '../ui/time/useNow';
import { useBackLink } from '../useBackLink';
import { LastGood } from './LastGood';
import { Owners } from './Owners';
import { placesText } from './places';
import { protectionOf } from './protection';
import { ProtectionBadge } from './ProtectionBadge';
import { readsAsText } from './readsAsText';
import { bytesOf, scheduleTargetOf } from './row';

/** The route to the page of one volume. */
export function VolumeRoute() {
  const cluster = useClusterRef();
  const { namespace, name } = useParams<{ namespace: string; name: string }>();
  return <VolumePage cluster={cluster} claim={{ namespace, name }} />;
}

/** The page of one volume: its state, what can be done, and its history. */
export function VolumePage({ cluster, claim }: { cluster: string; claim: VolumeRef }) {
  const { t } = useText();
  const asked = useVolume(cluster, claim);
  const { value: volume, trouble } = asked;
  const volumeName = `${claim.namespace}/${claim.name}`;
  const isGone = trouble?.kind === 'notFound';
  // For a deleted volume, the wizard lists its backups.
  const canRestore = volume ? volume.lastSuccess !== null : isGone;
  const read = useLack(cluster, claim, TO_READ);
  return (
    <>
      <SectionBox
        backLink={useBackLink(cluster)}
        title={
          <PageHeader
            title={t('Volume {{volume}}', { volume: volumeName })}
            actions={[
              <Stack key="actions" direction="row" flexWrap="wrap" gap={1}>
                {canRestore && (
                  <RestoreButton
                    cluster={cluster}
                    start={{ backup: volume?.lastSuccess?.id ?? '', from: claim }}
                    label={t('Restore {{volume}}', { volume: volumeName })}
                  />
                )}
                {volume && <Action cluster={cluster} volume={volume} />}
                {volume && canBackUp(volume) && <BackUpTo targets={[{ cluster, ...claim }]} />}
                {volume && canBackUp(volume) && <InFull cluster={cluster} volume={volume} />}
              </Stack>,
            ]}
          />
        }
      >
        <ClusterLine cluster={cluster} />
        {canRestore && <LackNote cluster={cluster} lacks={[read]} />}
        <Shown
          cluster={cluster}
          asked={asked}
          namespace={claim.namespace}
          missing={
            <Message severity="info">
              {t(
                'This volume does not exist. Backups of earlier volumes with the same name are listed below.'
              )}
            </Message>
          }
        >
          {found => <Summary cluster={cluster} volume={found} />}
        </Shown>
      </SectionBox>
      {volume && (
        <VolumePolicySection
          cluster={cluster}
          claim={claim}
          usedBy={scheduleTargetOf({ cluster, volume }).usedBy}
        />
      )}
      {(volume || isGone) && (
        <>
          <SectionBox title={t('Backups')}>
            <ClaimRuns cluster={cluster} claim={claim} uid={volume?.uid} />
          </SectionBox>
          <RestoreList cluster={cluster} claim={claim} />
        </>
      )}
      {volume && (
        <SectionBox title={t('Details')}>
          <VolumeFacts cluster={cluster} volume={volume} />
          {nameInNkvm(cluster) === undefined && (
            <AccessLink cluster={cluster} namespace={claim.namespace} />
          )}
        </SectionBox>
      )}
    </>
  );
}

const MINUTE_MS = 60_000;

/** A claim that was created again is another volume. */
const ofVolume = ({ uid }: Volume, policy?: VolumePolicy | null): VolumePolicy | undefined =>
  policy?.uid === uid ? policy : undefined;

function InFull({ cluster, volume }: { cluster: string; volume: Volume }) {
  const { value: policy } = usePolicy(cluster, volume);
  const { namespace, name } = volume;
  return policy?.makesIncrements ? <BackUpInFull target={{ cluster, namespace, name }} /> : null;
}

/** The four facts that people look for first. */
function Summary({ cluster, volume }: { cluster: string; volume: Volume }) {
  const { t, language } = useText();
  const nowMs = useNow(MINUTE_MS);
  const step = nextStepOf(volume);
  const { lastSuccess } = volume;
  const { value: policy } = usePolicy(cluster, volume);
  return (
    <Stack spacing={2}>
      <Paper
        variant="outlined"
        sx={{
          display: 'grid',
          gridTemplateColumns: 'repeat(auto-fit, minmax(150px, 1fr))',
          gap: 2,
          p: 2,
          backgroundColor: 'transparent',
        }}
      >
        <Fact name={t('State')}>
          <Box sx={{ display: 'inline-block' }}>
            <ProtectionBadge protection={protectionOf(volume, nowMs, ofVolume(volume, policy))} />
          </Box>
        </Fact>
        <Fact name={t('Last good backup')}>
          <LastGood cluster={cluster} volume={volume} nowMs={nowMs} />
        </Fact>
        <Fact name={t('Size of the backup')}>
          {lastSuccess?.bytes ? formatBytes(lastSuccess.bytes, language) : '–'}
        </Fact>
        {lastSuccess && placesText(lastSuccess.presentAt) && (
          <Fact name={t('Stored at')}>{placesText(lastSuccess.presentAt)}</Fact>
        )}
        <Fact name={t('Used by')}>
          <Owners cluster={cluster} volume={volume} />
        </Fact>
      </Paper>
      {step.kind === 'blocked' && (
        <Message severity="info">
          <Blocked step={step} access={{ cluster, namespace: volume.namespace }} />
        </Message>
      )}
      {volume.readsAs && (
        <Message severity="info">{readsAsText(volume, volume.readsAs, t)}</Message>
      )}
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Box sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>
      <Typography variant="body2" color="text.secondary" gutterBottom>
        {name}
      </Typography>
      <Typography component="div" variant="body2">
        {children}
      </Typography>
    </Box>
  );
}

function VolumeFacts({ cluster, volume }: { cluster: string; volume: Volume }) {
  const { t, language } = useText();
  const { namespace, name, storageClass, accessModes, node, pods, labels } = volume;
  return (
    <Facts
      rows={[
        {
          name: t('Claim'),
          value: (
            <Link routeName={CLAIM_ROUTE} params={{ namespace, name }} activeCluster={cluster}>
              {t('PersistentVolumeClaim {{name}}', { name })}
            </Link>
          ),
        },
        {
          name: t('Namespace'),
          value: (
            <Link routeName={NAMESPACE_ROUTE} params={{ name: namespace }} activeCluster={cluster}>
              {namespace}
            </Link>
          ),
        },
        { name: t('Size'), value: formatBytes(bytesOf({ cluster, volume }), language) },
        { name: t('Storage class'), value: storageClass, hide: !storageClass },
        {
          name: t('Access modes'),
          value: accessModes.join(', '),
          hide: accessModes.length === 0,
        },
        {
          name: t('Node'),
          value: node && (
            <Link routeName={NODE_ROUTE} params={{ name: node }} activeCluster={cluster}>
              {node}
            </Link>
          ),
          hide: !node,
        },
        {
          name: t('Pods'),
          value: pods.map(pod => (
            <Box key={pod.name}>
              <Link routeName="Pod" params={{ namespace, name: pod.name }} activeCluster={cluster}>
                {pod.name}
              </Link>{' '}
              {pod.phase}
            </Box>
          )),
          hide: pods.length === 0,
        },
        { name: t('Label backup'), value: labels.backup, hide: !labels.backup },
      ]}
    />
  );
}
