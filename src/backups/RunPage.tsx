import { K8s, Router } from '@kinvolk/headlamp-plugin/lib';
import {
  Link,
  Loader,
  SectionBox,
  SectionHeader,
} from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { AlertTitle, Stack, Typography } from '@mui/material';
import { useLocation, useParams } from 'react-router-dom';
import type { Backup } from '../../sidecar/api';
import { isFinal } from '../api/final';
import { useBackup, useSidecar } from '../api/queries';
import { NAMESPACE_PARAMETER, VOLUMES_ROUTE } from '../routes';
import { FailureNotice } from '../setup/FailureNotice';
import { SidecarNotice } from '../setup/SidecarNotice';
import { Command } from '../ui/Copyable';
import { alertIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { Notice } from '../ui/Notice';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { AfterFailure } from './AfterFailure';
import { LastWords } from './LastWords';
import { RunFacts } from './RunFacts';
import { RunProgress } from './RunProgress';
import { SealFacts } from './SealFacts';
import { Stages } from './Stages';

/** The page of one run. */
export function RunPage() {
  const cluster = K8s.useCluster() ?? '';
  const { id } = useParams<{ id: string }>();
  const namespace = new URLSearchParams(useLocation().search).get(NAMESPACE_PARAMETER) ?? undefined;
  const sidecar = useSidecar(cluster, namespace);
  if (!sidecar) return <Loader title="" />;
  if (sidecar.state !== 'ready') return <SidecarNotice cluster={cluster} sidecar={sidecar} />;
  return <Run cluster={cluster} id={id} namespace={namespace} />;
}

function Run({ cluster, id, namespace }: { cluster: string; id: string; namespace?: string }) {
  const { t } = useText();
  const { value: backup, failure } = useBackup(cluster, id, namespace);
  if (!backup && failure?.status === 404) return <NoRun cluster={cluster} />;
  if (!backup)
    return failure ? <FailureNotice cluster={cluster} failure={failure} /> : <Loader title="" />;
  return (
    <>
      <SectionBox
        backLink={Router.createRouteURL(VOLUMES_ROUTE.name, { cluster })}
        title={
          <SectionHeader
            title={t('Backup of {{volume}}', { volume: `${backup.namespace}/${backup.name}` })}
          />
        }
      >
        <Stack spacing={2}>
          {failure && <Message severity="warning">{failure.message}</Message>}
          {!isFinal(backup.status) && <RunProgress cluster={cluster} backup={backup} />}
          <Outcome backup={backup} />
          {backup.status === 'failed' && <AfterFailure cluster={cluster} backup={backup} />}
          <LastWords backup={backup} />
          <RunFacts cluster={cluster} backup={backup} />
        </Stack>
      </SectionBox>
      {backup.restoreCommand && (
        <SectionBox title={t('Restore by hand')}>
          <Typography gutterBottom color="text.secondary">
            {t('The archive is a plain tar file. This restores it without NKVM')}
          </Typography>
          <Command text={backup.restoreCommand} />
        </SectionBox>
      )}
      <Stages backup={backup} />
      {backup.seal && <SealFacts seal={backup.seal} tarMessages={backup.tarMessages} />}
    </>
  );
}

function NoRun({ cluster }: { cluster: string }) {
  const { t } = useText();
  return (
    <Notice
      icon={alertIcon}
      title={t('There is no such backup')}
      text={t('Its record is gone, or the link leads to the wrong cluster.')}
    >
      <Link routeName={VOLUMES_ROUTE.name} activeCluster={cluster}>
        {t('Volumes & Backups')}
      </Link>
    </Notice>
  );
}

/** What somebody wants to know first of a run that did not go as it should. */
function Outcome({ backup }: { backup: Backup }) {
  const { t } = useText();
  const { status, stage, reason, message, hint, warnings } = backup;
  return (
    <>
      {status === 'failed' && (
        <Message severity="error">
          <AlertTitle>
            {stage ? t('Failed at stage {{stage}}', { stage }) : t('Failed')}
            {reason && ` (${reason})`}
          </AlertTitle>
          <Typography variant="body2">{message}</Typography>
          {hint && (
            <Typography variant="body2" sx={{ mt: 1 }}>
              <strong>{t('What to do')}</strong> {sentence(hint)}
            </Typography>
          )}
        </Message>
      )}
      {warnings.length > 0 && (
        <Message severity="warning">
          <AlertTitle>{t('{{count}} warnings', { count: warnings.length })}</AlertTitle>
          {warnings.map(warning => (
            <Typography key={warning} variant="body2">
              {warning}
            </Typography>
          ))}
        </Message>
      )}
    </>
  );
}
