import { Box } from '@mui/material';
import type { Seal } from '../../../sidecar/api';
import { formatBytes } from '../../ui/bytes';
import type { Translate } from '../../ui/text';

/** @returns a row for each kind of entries that the archive does not hold, and the patterns that left some of them out. */
export function leftOutRows({ omitted, patterns = [] }: Seal, t: Translate, language?: string) {
  const counts: [name: string, count: number | null | undefined, bytes?: number][] = [
    [t('Entries left out by the patterns'), omitted.excluded],
    [t('Mounted file systems left out'), omitted.mounts],
    [t('Entries of .snapshot, lost+found and the like left out'), omitted.reserved],
    [t('Archives of NKVM left out'), omitted.archives, omitted.archiveBytes],
    [t('Sockets left out'), omitted.sockets],
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
