import { Box, LinearProgress, Stack, Typography } from '@mui/material';
import { type ReactNode, useEffect, useState } from 'react';
import type { Backup } from '../../../sidecar/api';
import { Announcement } from '../../ui/Announcement';
import { formatBytes } from '../../ui/bytes';
import { sentence } from '../../ui/sentence';
import { RunBadge } from '../../ui/status';
import { useText } from '../../ui/text';
import { useFormatDate } from '../../ui/time/useFormatDate';
import { CancelButton } from './CancelButton';
import { rateOf, type Sample, withSample } from './rate';
import { activityText } from './stageText';

function useRate({ bytes }: Backup): number | undefined {
  const [samples, setSamples] = useState<Sample[]>([]);
  useEffect(() => {
    if (bytes) setSamples(known => withSample(known, { atMs: Date.now(), bytes }));
  }, [bytes]);
  return rateOf(samples);
}

interface RunProgressProps {
  cluster: string;
  backup: Backup;
  /** Is shown beside Cancel. */
  children?: ReactNode;
  onCancelled?(): void;
}

/** A run that is under way: what it does, how much it has copied and how fast, and Cancel. */
export function RunProgress({ cluster, backup, children, onCancelled }: RunProgressProps) {
  const { t, language } = useText();
  const rate = useRate(backup);
  const date = useFormatDate('medium');
  const activity = activityText(backup, t, date);
  const isCopying = backup.stage === 'copy';

  return (
    <Box sx={{ border: 1, borderColor: 'divider', borderRadius: 1, p: 2 }}>
      <Announcement text={activity} />
      <Stack direction="row" alignItems="center" gap={2} flexWrap="wrap">
        <RunBadge status={backup.status} />
        <Typography sx={{ flexGrow: 1 }}>{activity}</Typography>
        <Typography
          component="span"
          color="text.secondary"
          sx={{ fontVariantNumeric: 'tabular-nums' }}
        >
          {backup.bytes ? formatBytes(backup.bytes, language) : null}
          {isCopying && rate !== undefined ? ` · ${formatBytes(rate, language)}/s` : null}
        </Typography>
        {children}
        <CancelButton cluster={cluster} backup={backup} onCancelled={onCancelled} />
      </Stack>
      <LinearProgress aria-label={activity} sx={{ mt: 2, borderRadius: 1 }} />
      {backup.message !== '' && (
        <Typography variant="body2" sx={{ mt: 1, overflowWrap: 'anywhere' }}>
          {sentence(backup.message)}
        </Typography>
      )}
    </Box>
  );
}
