import { Box } from '@mui/material';
import type { Seal } from '../../sidecar/api';
import { formatBytes } from '../ui/bytes';
import type { Translate } from '../ui/text';

/** @returns a row for each kind of entries that the archive does not hold, and the patterns that left some of them out. */
export function leftOutRows({ omitted, patterns = [] }: Seal, t: Translate, language?: string) {
  const counts: [name: string, count: number | null | undefined, bytes?: number][] = [
    [t('Left out: entries that match the patterns'), omitted.excluded],
    [t('Left out: file systems mounted in the volume'), omitted.mounts],
    [t('Left out: entries of .snapshot, lost+found and the like'), omitted.reserved],
    [t('Left out: archives of NKVM'), omitted.archives, omitted.archiveBytes],
    [t('Left out: sockets'), omitted.sockets],
    [t('Entries without their trusted attributes'), omitted.trustedXattrs],
    [t('Entries without their chattr flags'), omitted.attributeFlags],
    [t('Entries with paths longer than tar extracts'), omitted.longPaths],
  ];
  return [
    {
      name: t('Patterns of nkvm.io/exclude'),
      value: (
        <Box component="pre" sx={{ m: 0, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {patterns.join('\n')}
        </Box>
      ),
      hide: patterns.length === 0,
    },
    ...counts.map(([name, count, bytes]) => ({
      name,
      value: [count?.toLocaleString(language), bytes && formatBytes(bytes, language)]
        .filter(Boolean)
        .join(', '),
      hide: !count,
    })),
  ];
}
