import { Link, Loader, SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack } from '@mui/material';
import type { VolumeRef } from '../../sidecar/api';
import { isFinal } from '../api/final';
import { useBackup, useBackups, useSidecar } from '../api/queries';
import type { Sidecar } from '../api/sidecar';
import { VOLUMES_ROUTE } from '../routes';
import { noAccountText } from '../setup/NoAccess';
import { rightText } from '../setup/rightText';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { HistoryTable } from './HistoryTable';
import { RunLink } from './RunLink';
import { RunProgress } from './RunProgress';

interface ClaimBackupsProps {
  cluster: string;
  claim: VolumeRef;
}

/** The section Backups on a claim's own page: what runs, and what has run. */
export function ClaimBackups({ cluster, claim }: ClaimBackupsProps) {
  const { t } = useText();
  const sidecar = useSidecar(cluster, claim.namespace);
  return (
    <SectionBox title={t('Backups')}>
      {!sidecar && <Loader title="" />}
      {sidecar?.state === 'ready' && <Runs cluster={cluster} claim={claim} />}
      {sidecar && sidecar.state !== 'ready' && <NoBackups cluster={cluster} sidecar={sidecar} />}
    </SectionBox>
  );
}

function Runs({ cluster, claim }: ClaimBackupsProps) {
  const history = useBackups(cluster, claim);
  if (!history.value) {
    return history.failure ? (
      <Message severity="warning">{history.failure.message}</Message>
    ) : (
      <Loader title="" />
    );
  }
  const underWay = history.value.filter(({ status }) => !isFinal(status));
  const ended = history.value.filter(({ status }) => isFinal(status));
  return (
    <Stack spacing={2}>
      {history.failure && <Message severity="warning">{history.failure.message}</Message>}
      {underWay.map(({ id }) => (
        <LiveRun key={id} cluster={cluster} id={id} namespace={claim.namespace} />
      ))}
      {(ended.length > 0 || underWay.length === 0) && (
        <HistoryTable cluster={cluster} backups={ended} loadOlder={history.loadOlder} />
      )}
    </Stack>
  );
}

function LiveRun({ cluster, id, namespace }: { cluster: string; id: string; namespace: string }) {
  const { value: backup } = useBackup(cluster, id, namespace);
  const { t } = useText();
  // The list is a moment behind: it will show the run among those that have ended.
  return backup && !isFinal(backup.status) ? (
    <RunProgress cluster={cluster} backup={backup}>
      <RunLink cluster={cluster} id={id} namespace={namespace}>
        {t('Details')}
      </RunLink>
    </RunProgress>
  ) : null;
}

/** One line: the page is about the claim, not about us. */
function NoBackups({
  cluster,
  sidecar,
}: {
  cluster: string;
  sidecar: Exclude<Sidecar, { state: 'ready' }>;
}) {
  const { t } = useText();
  const messageOf = () => {
    switch (sidecar.state) {
      case 'absent':
        return t('Backups are not set up in this cluster.');
      case 'forbidden':
        return rightText(sidecar.right, t);
      case 'noAccount':
        return noAccountText(sidecar, t);
      case 'unauthorised':
      case 'unreachable':
        return `${t('The backup service does not answer.')} ${sidecar.message}`;
    }
  };
  return (
    <Message severity="info">
      {messageOf()}{' '}
      <Link routeName={VOLUMES_ROUTE.name} activeCluster={cluster}>
        {t('What to do')}
      </Link>
    </Message>
  );
}
