import { Box } from '@mui/material';
import type { Restore, RestoreMode } from '../../../sidecar/api';
import { visible } from '../../../sidecar/api/visible.ts';
import { durationMs } from '../../backups/run/durations';
import { RunLink } from '../../backups/RunLink';
import { Link } from '../../otherClusters/Link';
import { NODE_ROUTE, VOLUME_ROUTE } from '../../routes';
import { formatBytes } from '../../ui/bytes';
import { CopyableText } from '../../ui/Copyable';
import { Facts } from '../../ui/Facts';
import { sentence } from '../../ui/sentence';
import { RunBadge } from '../../ui/status';
import { type Translate, useText } from '../../ui/text';
import { Ago } from '../../ui/time/Ago';
import { formatDuration } from '../../ui/time/time';
import { useFormatDate } from '../../ui/time/useFormatDate';
import { transportText } from '../../ui/transportText';
import { RestoreRunLink } from '../RestoreLink';
import { kindOf } from '../sources';

function modeText(mode: RestoreMode, t: Translate): string {
  switch (mode) {
    case 'new':
      return t('A new claim');
    case 'empty':
      return t('Only if it is empty');
    case 'overwrite':
      return t('Replace files');
    case 'mirror':
      return t('Match the backup exactly');
  }
}

const SHOWN_PATHS = 10;

/** What is recorded of a restore. */
export function RestoreFacts({ cluster, restore }: { cluster: string; restore: Restore }) {
  const { t, language } = useText();
  const { target, paths, status, bytes, helper, safetyBackupId, undoOf } = restore;
  const took = durationMs(restore);
  const transfer = transportText(restore, t);
  const formatDate = useFormatDate('medium');
  const at = (date: string | null) => date && formatDate(date);
  return (
    <Facts
      rows={[
        { name: t('Status'), value: <RunBadge status={status} /> },
        { name: t('From'), value: <From cluster={cluster} restore={restore} /> },
        {
          name: t('To'),
          value: (
            <Link
              routeName={VOLUME_ROUTE.name}
              params={{ namespace: target.namespace, name: target.name }}
              activeCluster={cluster}
            >
              {`${target.namespace}/${target.name}`}
            </Link>
          ),
        },
        { name: t('Existing files'), value: modeText(target.mode, t), hide: target.mode === 'new' },
        {
          name: t('Files'),
          value: paths ? <Paths paths={paths} /> : t('Everything in the archive'),
        },
        {
          name: t('Safety backup'),
          value: safetyBackupId && (
            <RunLink cluster={cluster} id={safetyBackupId} namespace={target.namespace}>
              {t('Backup taken before the restore')}
            </RunLink>
          ),
          hide: !safetyBackupId,
        },
        {
          name: t('Undoes'),
          value: undoOf && (
            <RestoreRunLink cluster={cluster} id={undoOf} namespace={target.namespace}>
              {t('An earlier restore')}
            </RestoreRunLink>
          ),
          hide: !undoOf,
        },
        {
          name: t('Archive'),
          value: <CopyableText text={restore.archive} label={t('Copy the name')} />,
          // Its key means nothing to a person.
          hide: kindOf(restore.backup) === 'upload',
        },
        {
          name: t('Read from the archive'),
          value: bytes !== null && formatBytes(bytes, language),
          hide: bytes === null,
        },
        {
          name: t('Message'),
          value: sentence(restore.message),
          // A failure is shown above, with what to do, and a success as well.
          hide: !restore.message || status !== 'cancelled',
        },
        { name: t('Requested'), value: <Ago date={restore.createdAt} /> },
        { name: t('Requested by'), value: restore.requestedBy },
        { name: t('Attempts'), value: restore.attempt, hide: restore.attempt === 1 },
        { name: t('Started'), value: at(restore.startedAt), hide: !restore.startedAt },
        { name: t('Ended'), value: at(restore.endedAt), hide: !restore.endedAt },
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
        { name: t('Transfer'), value: transfer, hide: transfer === undefined },
      ]}
    />
  );
}

/** The backup, or what else the archive came from. */
function From({
  cluster,
  restore: { backup, source, target },
}: {
  cluster: string;
  restore: Restore;
}) {
  const { t } = useText();
  const volume = source.namespace && source.name && `${source.namespace}/${source.name}`;
  if (kindOf(backup) !== 'backup') {
    const text =
      kindOf(backup) === 'upload'
        ? t('An archive that was uploaded')
        : t('An archive at the destination');
    return <>{volume ? `${text} (${volume})` : text}</>;
  }
  return (
    <RunLink cluster={cluster} id={backup} namespace={source.namespace ?? target.namespace}>
      {volume ? t('Backup of {{volume}}', { volume }) : t('Backup')}
    </RunLink>
  );
}

function Paths({ paths }: { paths: string[] }) {
  const { t, language } = useText();
  const more = paths.length - SHOWN_PATHS;
  return (
    <Box
      component="ul"
      sx={{ m: 0, p: 0, listStyle: 'none', fontFamily: 'monospace', overflowWrap: 'anywhere' }}
    >
      {paths.slice(0, SHOWN_PATHS).map(path => (
        <li key={path}>{visible(path)}</li>
      ))}
      {more > 0 && <li>{t('and {{more}} more', { more: more.toLocaleString(language) })}</li>}
    </Box>
  );
}
