import { Icon } from '@iconify/react';
import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { Loader, SectionBox, SectionHeader } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Button, Stack, Typography } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useState } from 'react';
import { Link as RouterLink, useParams } from 'react-router-dom';
import type { DestinationCheck, DestinationDetails } from '../../sidecar/api';
import { destinationClient } from '../api/clients/destinationClient';
import { useDestination, useDestinations } from '../api/queries/destinationQueries';
import { refresh } from '../api/queries/queries';
import { connectionTo } from '../api/session/connection';
import { Link } from '../otherClusters/Link';
import { DESTINATIONS_ROUTE, EDIT_DESTINATION_ROUTE } from '../routes';
import { Shown } from '../setup/Shown';
import { TroubleMessage } from '../setup/TroubleMessage';
import { ActionButton } from '../ui/ActionButton';
import { Ago } from '../ui/Ago';
import { Facts } from '../ui/Facts';
import { alertIcon, drillIcon, editIcon, retryIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { useBackLink } from '../useBackLink';
import { useNamespacesAtHand, useSelectedNamespaces } from '../volumes/useNamespaces';
import { AppendOnlySection } from './AppendOnlySection';
import { CheckResult } from './CheckResult';
import { DeleteButton } from './DeleteButton';
import { useUrlOf } from './DestinationLink';
import { kindName } from './destinationText';
import { EncryptionSection } from './EncryptionSection';
import { HostKey, isChangedKey } from './HostKey';
import { Marks, StateBadge } from './Marks';
import { Reminders } from './Reminders';
import { SecretProblem } from './SecretProblem';
import { Stored } from './Stored';
import { useAction } from './useAction';
import { useSecret } from './useSecret';
import { VolumeShares } from './VolumeShares';

/** The route to the page of one destination. */
export function DestinationRoute() {
  const cluster = K8s.useCluster() ?? '';
  const { name } = useParams<{ name: string }>();
  return <DestinationPage key={name} cluster={cluster} name={name} />;
}

/** The page of one destination: how it stands, what is stored there, and what can be tested. */
export function DestinationPage({ cluster, name }: { cluster: string; name: string }) {
  const namespace = useNamespacesAtHand(useSelectedNamespaces())(cluster)[0];
  const asked = useDestination(cluster, name, namespace);
  const { value: list } = useDestinations(cluster, namespace);
  return (
    <Shown cluster={cluster} asked={asked} missing={<NoDestination cluster={cluster} />}>
      {details => <Details cluster={cluster} details={details} mayManage={list?.mayManage} />}
    </Shown>
  );
}

interface DetailsProps {
  cluster: string;
  details: DestinationDetails;
  /** Undefined while it is not known. */
  mayManage: boolean | undefined;
}

function Details({ cluster, details, mayManage }: DetailsProps) {
  const { t } = useText();
  const { destination, volumes } = details;
  const { name, kind, location, state, encryption, catalog } = destination;
  const editUrl = useUrlOf(cluster)(EDIT_DESTINATION_ROUTE, { name });
  // That of the installation has no Secret.
  const hasSecret = kind !== 'local';
  return (
    <>
      <SectionBox
        backLink={useBackLink(cluster, DESTINATIONS_ROUTE)}
        title={
          <SectionHeader
            title={t('Destination {{name}}', { name })}
            actions={
              hasSecret
                ? [
                    <Stack key="actions" direction="row" flexWrap="wrap" gap={1}>
                      <Button
                        component={RouterLink}
                        to={editUrl}
                        size="small"
                        variant="outlined"
                        startIcon={<Icon icon={editIcon} />}
                      >
                        {t('Edit')}
                      </Button>
                      <DeleteButton cluster={cluster} destination={destination} />
                    </Stack>,
                  ]
                : []
            }
          />
        }
      >
        <Stack spacing={2}>
          <Reminders cluster={cluster} destination={destination} isOnItsPage />
          <Facts
            rows={[
              {
                name: t('State'),
                value: (
                  <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1}>
                    <StateBadge state={state} />
                    <Marks {...destination} />
                  </Stack>
                ),
              },
              { name: t('Kind'), value: kindName(kind, t) },
              { name: t('Location'), value: location, hide: !location },
            ]}
          />
          {mayManage === false && (
            <Message severity="info">
              {t(
                'You don’t have permission to update destinations.nkvm.io in namespace nkvm. You can view this destination, but not test it.'
              )}
            </Message>
          )}
        </Stack>
      </SectionBox>
      {mayManage && <TestSection cluster={cluster} name={name} hasSecret={hasSecret} />}
      <SectionBox title={t('Stored archives')}>
        <Stack spacing={2}>
          <Stored destination={destination} />
          {catalog !== null && catalog.archives === 0 && (
            <Typography variant="body2" color="text.secondary">
              {t('Nothing is stored there yet.')}
            </Typography>
          )}
          {volumes.length > 0 && <VolumeShares cluster={cluster} volumes={volumes} />}
          <CatalogFooter cluster={cluster} details={details} mayManage={!!mayManage} />
        </Stack>
      </SectionBox>
      {encryption && (
        <EncryptionSection
          cluster={cluster}
          destination={destination}
          encryption={encryption}
          mayManage={!!mayManage}
        />
      )}
      <AppendOnlySection cluster={cluster} destination={destination} mayManage={!!mayManage} />
    </>
  );
}

/** Does with a small file all that a backup does, and shows each step. */
function TestSection({
  cluster,
  name,
  hasSecret,
}: {
  cluster: string;
  name: string;
  hasSecret: boolean;
}) {
  const { t } = useText();
  const { start, isBusy, trouble } = useAction();
  const [check, setCheck] = useState<DestinationCheck>();
  const secret = useSecret(cluster);
  const { enqueueSnackbar } = useSnackbar();
  const test = () =>
    start(async signal => {
      setCheck(undefined);
      setCheck(await destinationClient(connectionTo(cluster)).check(name, { signal }));
      await refresh(cluster);
    });
  const text = isBusy ? t('Testing…') : check ? t('Test again') : t('Test');
  async function trust(knownHosts: string) {
    const isWritten = await secret.write('patch', secrets =>
      secrets.change(name, { stringData: { knownHosts } })
    );
    if (!isWritten) return;
    setCheck(undefined);
    enqueueSnackbar(t('The host key is stored. Test again to see whether everything works.'), {
      variant: 'success',
    });
  }
  return (
    <SectionBox title={t('Test')}>
      <Stack spacing={2}>
        <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1.5}>
          <ActionButton
            icon={drillIcon}
            text={text}
            label={`${text}. ${t('Destination {{name}}', { name })}`}
            isInert={isBusy}
            onClick={() => void test()}
          />
          {isBusy && <Loader title={t('Testing…')} noContainer size={20} />}
          <Typography variant="body2" color="text.secondary">
            {t('The test writes a small file, reads it back and deletes it.')}
          </Typography>
        </Stack>
        <TroubleMessage trouble={trouble} />
        <SecretProblem cluster={cluster} trouble={secret.trouble} />
        {check && (
          <CheckResult check={check}>
            {check.hostKey && hasSecret && (
              <HostKey
                hostKey={check.hostKey}
                isChanged={isChangedKey(check)}
                isBusy={secret.isBusy}
                onTrust={() => void trust(check.hostKey!.knownHosts)}
              />
            )}
          </CheckResult>
        )}
      </Stack>
    </SectionBox>
  );
}

function CatalogFooter({
  cluster,
  details: { destination },
  mayManage,
}: {
  cluster: string;
  details: DestinationDetails;
  mayManage: boolean;
}) {
  const { t } = useText();
  const { start, isBusy, trouble } = useAction();
  const { name, catalog } = destination;
  return (
    <Stack spacing={1}>
      <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1.5}>
        {mayManage && (
          <ActionButton
            icon={retryIcon}
            text={isBusy ? t('Reading…') : t('Read it again')}
            isInert={isBusy}
            onClick={() =>
              void start(async signal => {
                await destinationClient(connectionTo(cluster)).readCatalog(name, { signal });
                await refresh(cluster);
              })
            }
          />
        )}
        <Typography variant="body2" color="text.secondary">
          {catalog ? (
            <>
              {t('All manifests were read')} <Ago date={catalog.readAt} />
            </>
          ) : (
            t('The manifests have not been read yet.')
          )}
        </Typography>
      </Stack>
      <TroubleMessage trouble={trouble} />
    </Stack>
  );
}

function NoDestination({ cluster }: { cluster: string }) {
  const { t } = useText();
  return (
    <Notice
      icon={alertIcon}
      title={t('Destination not found')}
      text={t('A destination that was added just now appears in a few seconds.')}
    >
      <Link routeName={DESTINATIONS_ROUTE.name} activeCluster={cluster}>
        {t('Destinations')}
      </Link>
    </Notice>
  );
}
