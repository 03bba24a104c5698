import { SimpleTable } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { lackText, TO_READ, useLack } from '../../access/useLack';
import { isRestorable } from '../../restores/sources';
import { formatBytes } from '../../ui/bytes';
import { sentence } from '../../ui/sentence';
import { type Translate, useText } from '../../ui/text';
import { Ago } from '../../ui/time/Ago';
import { formatDuration } from '../../ui/time/time';
import { useIsNarrow } from '../../ui/useIsNarrow';
import { BackupBadge } from '../BackupBadge';
import { chainText } from '../chainText';
import { ArchiveActions } from '../copies/ArchiveActions';
import { durationMs } from '../run/durations';
import { RunLink } from '../RunLink';

interface HistoryTableProps {
  cluster: string;
  /** Newest first. */
  backups: Backup[];
  emptyMessage?: string;
  /** They are of another volume that had the same name. */
  isEarlier?: boolean;
}

const NO_CLAIM = { namespace: '' };

/** Runs that have ended. */
export function HistoryTable({ cluster, backups, emptyMessage, isEarlier }: HistoryTableProps) {
  const { t, language } = useText();
  const isNarrow = useIsNarrow();
  // All of them are of one claim: one question is enough.
  const why = lackText(useLack(cluster, backups[0] ?? NO_CLAIM, TO_READ), t);
  const columns = [
    {
      label: t('Started'),
      gridTemplate: 'max-content',
      getter: (backup: Backup) => (
        <>
          <RunLink cluster={cluster} id={backup.id} namespace={backup.namespace}>
            <Ago date={backup.createdAt} />
          </RunLink>
          {isNarrow && (
            <Box sx={{ color: 'text.secondary' }}>
              <Size backup={backup} />
            </Box>
          )}
        </>
      ),
    },
    {
      label: t('Status'),
      gridTemplate: isNarrow ? 'auto' : 'max-content',
      getter: (backup: Backup) => <BackupBadge backup={backup} isEarlier={isEarlier} />,
    },
    {
      label: t('Size'),
      gridTemplate: 'max-content',
      getter: (backup: Backup) => <Size backup={backup} />,
    },
    {
      label: t('Duration'),
      gridTemplate: 'max-content',
      getter: (backup: Backup) => {
        const ms = durationMs(backup);
        return ms === undefined ? '' : formatDuration(ms, language);
      },
    },
    { label: t('Message'), gridTemplate: 'auto', getter: (backup: Backup) => messageOf(backup, t) },
    {
      label: t('Archive'),
      gridTemplate: 'max-content',
      getter: (backup: Backup) => <ArchiveActions cluster={cluster} backup={backup} why={why} />,
    },
  ];
  return (
    <SimpleTable
      data={backups}
      emptyMessage={emptyMessage}
      columns={isNarrow ? [...columns.slice(0, 2), ...columns.slice(-1)] : columns}
    />
  );
}

function Size({ backup }: { backup: Backup }) {
  const { t, language } = useText();
  const size = sizeOf(backup, language);
  const kind = size && chainText(backup, t);
  return (
    <>
      {size}
      {kind && <Box sx={{ color: 'text.secondary', typography: 'caption' }}>{kind}</Box>}
    </>
  );
}

/** An archive of a run that did not succeed exists only where it is proven at some destination. */
const sizeOf = (backup: Backup, language?: string): string =>
  (backup.status === 'success' || isRestorable(backup)) && backup.bytes !== null
    ? formatBytes(backup.bytes, language)
    : '';

/** A success needs no text, except for its warnings. */
function messageOf({ status, message, warnings }: Backup, t: Translate): string {
  if (status !== 'success') return sentence(message);
  return warnings.length > 0
    ? `${t('{{count}} warnings', { count: warnings.length })}. ${sentence(warnings[0]!)}`
    : '';
}
