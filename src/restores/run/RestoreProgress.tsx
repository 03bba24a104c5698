import { Box, LinearProgress, Stack, Typography } from '@mui/material';
import { type ReactNode, useEffect, useState } from 'react';
import type { BackupStatus } from '../../../sidecar/api';
import { type Sample, withSample } from '../../backups/run/rate';
import { Announcement } from '../../ui/Announcement';
import { formatBytes } from '../../ui/bytes';
import { RunBadge } from '../../ui/status';
import { useText } from '../../ui/text';
import { formatDuration } from '../../ui/time/time';
import { progressOf } from './progress';

interface RestoreProgressProps {
  status: BackupStatus;
  /** What goes on. */
  activity: string;
  bytes: number | null;
  totalBytes: number | null;
  /** The bytes are those that flow now. */
  isCopying: boolean;
  /** Buttons and links. */
  children?: ReactNode;
}

/** Something that is under way: what it does, how far it is, how fast, and how long it still takes. */
export function RestoreProgress(props: RestoreProgressProps) {
  const { status, activity, bytes, totalBytes, isCopying, children } = props;
  const { t, language } = useText();
  const samples = useSamples(isCopying ? bytes : null);
  const { percent, rate, leftMs } = isCopying ? progressOf(props, samples) : { percent: undefined };
  const size = (value: number) => formatBytes(value, language);
  const parts = isCopying
    ? [
        percent !== undefined && `${percent} %`,
        bytes !== null &&
          (totalBytes
            ? t('{{size}} of {{total}}', { size: size(bytes), total: size(totalBytes) })
            : size(bytes)),
        rate !== undefined && `${size(rate)}/s`,
        leftMs !== undefined && t('{{time}} left', { time: formatDuration(leftMs, language) }),
      ].filter(Boolean)
    : [];
  return (
    <Box sx={{ border: 1, borderColor: 'divider', borderRadius: 1, p: 2 }}>
      <Announcement text={activity} />
      <Stack direction="row" alignItems="center" columnGap={2} rowGap={1} flexWrap="wrap">
        <RunBadge status={status} />
        <Typography sx={{ flexGrow: 1 }}>{activity}</Typography>
        <Typography
          component="span"
          color="text.secondary"
          sx={{ fontVariantNumeric: 'tabular-nums' }}
        >
          {parts.join(' · ')}
        </Typography>
        {children}
      </Stack>
      <LinearProgress
        aria-label={activity}
        variant={percent === undefined ? 'indeterminate' : 'determinate'}
        value={percent}
        sx={{ mt: 2, borderRadius: 1 }}
      />
    </Box>
  );
}

function useSamples(bytes: number | null): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([]);
  useEffect(() => {
    if (bytes === null) setSamples([]);
    else setSamples(known => withSample(known, { atMs: Date.now(), bytes }));
  }, [bytes]);
  return samples;
}
