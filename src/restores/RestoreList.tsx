import { SectionBox, SimpleTable } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import type { Restore, VolumeRef } from '../../sidecar/api';
import { useRestores } from '../api/queries/restoreQueries';
import { durationMs } from '../backups/run/durations';
import { sentence } from '../ui/sentence';
import { RunBadge } from '../ui/status';
import { type Translate, useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { formatDuration } from '../ui/time/time';
import { useIsNarrow } from '../ui/useIsNarrow';
import { RestoreRunLink } from './RestoreLink';
import { kindOf } from './sources';

/** The restores into a claim. It shows nothing where there were none, which is the usual case. */
export function RestoreList({ cluster, claim }: { cluster: string; claim: VolumeRef }) {
  const { t } = useText();
  const { value: restores } = useRestores(cluster, claim);
  if (!restores || restores.length === 0) return null;
  return (
    <SectionBox title={t('Restores into this volume')}>
      <RestoreTable cluster={cluster} restores={restores} />
    </SectionBox>
  );
}

const SHOWN = 5;

/** Restores, newest first. */
function RestoreTable({ cluster, restores }: { cluster: string; restores: Restore[] }) {
  const { t, language } = useText();
  const isNarrow = useIsNarrow();
  const started = {
    label: t('Started'),
    gridTemplate: 'max-content',
    getter: (restore: Restore) => (
      <>
        <RestoreRunLink cluster={cluster} id={restore.id} namespace={restore.target.namespace}>
          <Ago date={restore.createdAt} />
        </RestoreRunLink>
        {isNarrow && <Box sx={{ color: 'text.secondary' }}>{whatText(restore, t)}</Box>}
      </>
    ),
  };
  const status = {
    label: t('Status'),
    gridTemplate: isNarrow ? 'auto' : 'max-content',
    getter: ({ status }: Restore) => <RunBadge status={status} />,
  };
  const columns = [
    started,
    status,
    {
      label: t('Contents'),
      gridTemplate: 'auto',
      getter: (restore: Restore) => whatText(restore, t),
    },
    {
      label: t('Duration'),
      gridTemplate: 'max-content',
      getter: (restore: Restore) => {
        const ms = durationMs(restore);
        return ms === undefined ? '' : formatDuration(ms, language);
      },
    },
    {
      label: t('Message'),
      gridTemplate: 'auto',
      // A success needs no words.
      getter: ({ status, message }: Restore) => (status === 'success' ? '' : sentence(message)),
    },
  ];
  return (
    <SimpleTable
      data={restores.slice(0, SHOWN)}
      columns={isNarrow ? columns.slice(0, 2) : columns}
    />
  );
}

function whatText({ undoOf, paths, backup, source }: Restore, t: Translate): string {
  if (undoOf) return t('Undo of a restore');
  const from = source.namespace && source.name ? `${source.namespace}/${source.name}` : undefined;
  if (kindOf(backup) === 'upload') return t('An archive that was uploaded');
  if (paths) {
    return from
      ? t('Selected files of {{volume}}', { volume: from })
      : t('Selected files and folders');
  }
  return from ? t('All of {{volume}}', { volume: from }) : t('Everything in the archive');
}
