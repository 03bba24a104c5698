import type { Backup } from '../../../sidecar/api';
import { Link } from '../../otherClusters/Link';
import { NAMESPACE_ROUTE, VOLUME_ROUTE } from '../../routes';
import { Facts } from '../../ui/Facts';
import { sentence } from '../../ui/sentence';
import { useText } from '../../ui/text';
import { useFormatDate } from '../../ui/time/useFormatDate';
import { transportText } from '../../ui/transportText';
import { ChainFacts } from './ChainFacts';

/** Everything else that is recorded of a run. */
export function RunFacts({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t } = useText();
  const date = useFormatDate('medium');
  const { namespace, name, helper } = backup;
  const transfer = transportText(backup, t);
  return (
    <Facts
      rows={[
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
          name: t('Message'),
          value: sentence(backup.message),
          // A failure is shown above, with what to do; a success needs no words.
          hide: !backup.message || backup.status !== 'cancelled',
        },
        { name: t('Requested'), value: date(backup.createdAt) },
        { name: t('Requested by'), value: backup.requestedBy },
        { name: t('Attempts'), value: backup.attempt, hide: backup.attempt === 1 },
        {
          name: t('Started'),
          value: backup.startedAt && date(backup.startedAt),
          hide: !backup.startedAt,
        },
        { name: t('Ended'), value: backup.endedAt && date(backup.endedAt), hide: !backup.endedAt },
        {
          name: t('Kind'),
          value: <ChainFacts cluster={cluster} backup={backup} />,
          hide: backup.chain === null || backup.seal === null,
        },
        { name: t('Helper pod'), value: helper?.pod, hide: !helper },
        { name: t('Image'), value: helper?.image, hide: !helper },
        { name: t('Transfer'), value: transfer, hide: transfer === undefined },
      ]}
    />
  );
}
