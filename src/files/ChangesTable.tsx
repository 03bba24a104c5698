import { Icon, type IconifyIcon } from '@iconify/react';
import { Box, Link, Typography } from '@mui/material';
import { Link as RouterLink } from 'react-router-dom';
import type { ArchiveComparison, ArchiveFile, Backup } from '../../sidecar/api';
import { visible } from '../../sidecar/api/visible.ts';
import { formatBytes } from '../ui/bytes';
import { addedIcon, changedIcon, skippedIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { type PlainColumn, PlainTable } from '../ui/PlainTable';
import { type Translate, useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';
import { useIsNarrow } from '../ui/useIsNarrow';
import { useFilesUrl } from './ArchiveLinks';
import { typeText } from './fileIcons';
import { parentOf } from './view';

type Change = ArchiveComparison['changes'][number];

const ICONS: Record<Change['change'], IconifyIcon> = {
  added: addedIcon,
  changed: changedIcon,
  removed: skippedIcon,
};

function changeText(change: Change['change'], t: Translate): string {
  switch (change) {
    case 'added':
      return t('Added');
    case 'changed':
      return t('Changed');
    case 'removed':
      return t('Removed');
  }
}

interface ChangesTableProps {
  cluster: string;
  /** The newer one. */
  backup: Backup;
  /** Id of the older one. */
  older: string;
  changes: Change[];
}

/** What is in one of two archives only, or not the same in both. */
export function ChangesTable({ cluster, backup, older, changes }: ChangesTableProps) {
  const { t, language } = useText();
  const formatDate = useFormatDate();
  const isNarrow = useIsNarrow();
  const filesUrl = useFilesUrl(cluster);
  if (changes.length === 0) {
    return <Message severity="info">{t('Both backups hold the same files.')}</Message>;
  }
  const sizeOf = (file: ArchiveFile | null) =>
    file && file.type === 'file' ? formatBytes(file.bytes, language) : '';
  const sizes = ({ change, file, before }: Change) => {
    const [was, is] = change === 'removed' ? [sizeOf(file), ''] : [sizeOf(before), sizeOf(file)];
    return change === 'changed' && was !== is ? `${was} → ${is}` : is || was;
  };
  const columns: PlainColumn<Change>[] = [
    {
      id: 'change',
      label: t('Change'),
      isTight: true,
      cell: ({ change }) => (
        <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.75 }}>
          <Box
            component="span"
            aria-hidden={!isNarrow}
            role={isNarrow ? 'img' : undefined}
            aria-label={isNarrow ? changeText(change, t) : undefined}
            sx={{ lineHeight: 0, color: 'text.secondary' }}
          >
            <Icon icon={ICONS[change]} width={18} />
          </Box>
          {!isNarrow && changeText(change, t)}
        </Box>
      ),
    },
    {
      id: 'path',
      label: t('Path'),
      cell: row => {
        const { change, file } = row;
        const at = change === 'removed' ? { ...backup, id: older } : backup;
        return (
          <>
            <Link component={RouterLink} to={filesUrl(at, parentOf(file.path))}>
              {visible(file.path)}
            </Link>
            {file.type !== 'file' && (
              <Typography component="span" variant="caption" color="text.secondary" sx={{ ml: 1 }}>
                {typeText(file.type, t)}
              </Typography>
            )}
            {isNarrow && (
              <Typography component="div" variant="caption" color="text.secondary">
                {sizes(row)}
              </Typography>
            )}
          </>
        );
      },
    },
    { id: 'size', label: t('Size'), isTight: true, isRight: true, cell: sizes },
    {
      id: 'modified',
      label: t('Modified'),
      isTight: true,
      cell: ({ file }) => (file.modifiedAt ? formatDate(file.modifiedAt) : ''),
    },
  ];
  return (
    <PlainTable
      label={t('Changes')}
      columns={isNarrow ? columns.slice(0, 2) : columns}
      rows={changes}
      rowKey={({ change, file }) => `${change} ${file.path}`}
    />
  );
}
