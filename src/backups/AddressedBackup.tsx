import type { ReactNode } from 'react';
import type { Backup } from '../../sidecar/api';
import { useBackup } from '../api/queries/queries';
import { refOfRecord } from '../api/session/recordRef';
import { Link } from '../otherClusters/Link';
import { VOLUMES_ROUTE } from '../routes';
import { Shown } from '../setup/Shown';
import { alertIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { useRunAddress } from '../useRunAddress';

interface AddressedBackupProps {
  /** @param cluster that of the backup, which another cluster's page can show */
  children(backup: Backup, cluster: string): ReactNode;
}

/** A page about the backup that its address names. */
export function AddressedBackup({ children }: AddressedBackupProps) {
  const { cluster, id, namespace } = useRunAddress();
  return (
    <Shown
      cluster={cluster}
      asked={useBackup(cluster, id, namespace)}
      namespace={namespace}
      missing={<NoBackup cluster={cluster} />}
    >
      {backup => children(backup, refOfRecord(cluster, backup))}
    </Shown>
  );
}

function NoBackup({ cluster }: { cluster: string }) {
  const { t } = useText();
  return (
    <Notice
      icon={alertIcon}
      title={t('Backup not found')}
      text={t('It was deleted, or the link is for another cluster.')}
    >
      <Link routeName={VOLUMES_ROUTE.name} activeCluster={cluster}>
        {t('Volumes & Backups')}
      </Link>
    </Notice>
  );
}
