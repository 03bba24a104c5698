import { Utils } from '@kinvolk/headlamp-plugin/lib';
import { Link } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import type { Backup } from '../../sidecar/api';
import { NAMESPACE_ROUTE, NODE_ROUTE, VOLUME_ROUTE } from '../routes';
import { Ago } from '../ui/Ago';
import { formatExactBytes } from '../ui/bytes';
import { CopyableText } from '../ui/Copyable';
import { Facts } from '../ui/Facts';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { formatDuration } from '../ui/time';
import { hasArchive } from './archiveState';
import { BackupBadge } from './BackupBadge';
import { durationMs } from './durations';

/** What is recorded of a run. */
export function RunFacts({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t, language } = useText();
  const { namespace, name, archive, sha256, bytes, helper } = backup;
  const took = durationMs(backup);
  const at = (date: string | null) => date && Utils.localeDate(date);
  return (
    <Facts
      rows={[
        { name: t('Status'), value: <BackupBadge backup={backup} /> },
        {
          name: t('Volume'),
          value: (
            <Link
              routeName={VOLUME_ROUTE.name}
              params={{ namespace, name }}
              activeCluster={cluster}
            >
              {name}
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
        {
          name: t('Archive'),
          value: archive && <CopyableText text={archive} label={t('Copy the path')} />,
          hide: !archive,
        },
        {
          name: hasArchive(backup) || backup.status === 'success' ? t('Size') : t('Transferred'),
          value: bytes !== null && formatExactBytes(bytes, language),
          hide: bytes === null,
        },
        {
          name: 'SHA-256',
          value: sha256 && <CopyableText text={sha256} label={t('Copy the checksum')} />,
          hide: !sha256,
        },
        {
          name: t('Message'),
          value: sentence(backup.message),
          // A failure is shown above, with what to do; a success needs no words.
          hide: !backup.message || backup.status !== 'cancelled',
        },
        { name: t('Requested'), value: <Ago date={backup.createdAt} /> },
        { name: t('Requested by'), value: backup.requestedBy },
        { name: t('Attempts'), value: backup.attempt, hide: backup.attempt === 1 },
        { name: t('Started'), value: at(backup.startedAt), hide: !backup.startedAt },
        { name: t('Ended'), value: at(backup.endedAt), hide: !backup.endedAt },
        {
          name: t('Duration'),
          value: took !== undefined && formatDuration(took, language),
          hide: took === undefined,
        },
        { name: t('Helper pod'), value: helper?.pod, hide: !helper },
        {
          name: t('Node'),
          value: helper?.node && (
            <Link routeName={NODE_ROUTE} params={{ name: helper.node }} activeCluster={cluster}>
              {helper.node}
            </Link>
          ),
          hide: !helper?.node,
        },
        { name: t('Image'), value: helper?.image, hide: !helper },
      ]}
    />
  );
}
