import { Icon } from '@iconify/react';
import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { Loader, SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Button, Stack, Typography } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useState } from 'react';
import { Link as RouterLink, useParams } from 'react-router-dom';
import type { DestinationCheck, DestinationDetails } from '../../sidecar/api';
import { LackNote } from '../access/LackNote';
import { type Lack, lackText, useSecretLack } from '../access/useLack';
import { destinationClient } from '../api/clients/destinationClient';
import { useDestination, useDestinations } from '../api/queries/destinationQueries';
import { refresh } from '../api/queries/queries';
import { connectionTo } from '../api/session/connection';
import { placeOf } from '../api/session/place';
import { Link } from '../otherClusters/Link';
import { DESTINATIONS_ROUTE, EDIT_DESTINATION_ROUTE } from '../routes';
import { Shown } from '../setup/Shown';
import { TroubleMessage } from '../setup/TroubleMessage';
import { ActionButton } from '../ui/buttons/ActionButton';
import { WithReason } from '../ui/buttons/WithReason';
import { Facts } from '../ui/Facts';
import { alertIcon, drillIcon, editIcon, retryIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { PageHeader } from '../ui/PageHeader';
import { useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
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

/** What the tests and changes of destinations need. */
const toManage = (cluster: string): Lack => ({
  right: 'update destinations.nkvm.io',
  namespace: placeOf(cluster).namespace,
  kind: 'nkvm',
});

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
  const manage = mayManage === false ? toManage(cluster) : undefined;
  const why = lackText(manage, t);
  const edit = useSecretLack(cluster, 'patch');
  const whyNotEdit = lackText(edit, t);
  return (
    <>
      <SectionBox
        backLink={useBackLink(cluster, DESTINATIONS_ROUTE)}
        title={
          <PageHeader
            title={t('Destination {{name}}', { name })}
            actions={
              hasSecret
                ? [
                    <Stack key="actions" direction="row" flexWrap="wrap" gap={1}>
                      <WithReason why={whyNotEdit}>
                        {about => (
                          <Button
                            {...(whyNotEdit === undefined && {
                              component: RouterLink,
                              to: editUrl,
                            })}
                            size="small"
                            variant="outlined"
                            startIcon={<Icon icon={editIcon} />}
                            sx={{ opacity: whyNotEdit === undefined ? undefined : 0.5 }}
                            {...about}
                          >
                            {t('Edit')}
                          </Button>
                        )}
                      </WithReason>
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
          <LackNote cluster={cluster} lacks={[manage, hasSecret ? edit : undefined]} />
        </Stack>
      </SectionBox>
      <TestSection cluster={cluster} name={name} hasSecret={hasSecret} why={why} />
      <SectionBox title={t('Stored archives')}>
        <Stack spacing={2}>
          <Stored destination={destination} />
          {catalog !== null && catalog.archives === 0 && (
            <Typography variant="body2" color="text.secondary">
              {t('Nothing is stored there yet.')}
            </Typography>
          )}
          {volumes.length > 0 && <VolumeShares cluster={cluster} volumes={volumes} />}
          <CatalogFooter cluster={cluster} details={details} why={why} />
        </Stack>
      </SectionBox>
      {encryption && (
        <EncryptionSection
          cluster={cluster}
          destination={destination}
          encryption={encryption}
          why={why}
        />
      )}
      <AppendOnlySection cluster={cluster} destination={destination} why={why} />
    </>
  );
}

interface TestSectionProps {
  cluster: string;
  name: string;
  hasSecret: boolean;
  /** Why the person may not test it, and whom to ask. */
  why: string | undefined;
}

/** Does with a small file all that a backup does, and shows each step. */
function TestSection({ cluster, name, hasSecret, why }: TestSectionProps) {
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
            why={why}
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
  why,
}: {
  cluster: string;
  details: DestinationDetails;
  /** Why the person may not have it read, and whom to ask. */
  why: string | undefined;
}) {
  const { t } = useText();
  const { start, isBusy, trouble } = useAction();
  const { name, catalog } = destination;
  return (
    <Stack spacing={1}>
      <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1.5}>
        <ActionButton
          icon={retryIcon}
          text={isBusy ? t('Reading…') : t('Read it again')}
          isInert={isBusy}
          why={why}
          onClick={() =>
            void start(async signal => {
              await destinationClient(connectionTo(cluster)).readCatalog(name, { signal });
              await refresh(cluster);
            })
          }
        />
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
