import { Box, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import type { VolumeShare } from '../../sidecar/api';
import { refTo } from '../api/clusterRef';
import { Link } from '../otherClusters/Link';
import { useKnownClusters } from '../otherClusters/useKnownClusters';
import { VOLUME_ROUTE } from '../routes';
import { LinkButton } from '../ui/buttons/LinkButton';
import { formatBytes } from '../ui/bytes';
import { type PlainColumn, PlainTable } from '../ui/PlainTable';
import { useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { useFocusOnChange } from '../ui/useFocusOnChange';
import { useIsNarrow } from '../ui/useIsNarrow';

const SHOWN = 10;

interface VolumeSharesProps {
  cluster: string;
  /** The volumes with the most bytes first. */
  volumes: VolumeShare[];
}

/** How the bytes at a destination are spread over volumes: a table whose bars are as long as the shares. */
export function VolumeShares({ cluster, volumes }: VolumeSharesProps) {
  const { t, language } = useText();
  const isNarrow = useIsNarrow();
  const [isAll, setAll] = useState(false);
  const box = useFocusOnChange(isAll);
  const most = Math.max(1, ...volumes.map(({ bytes }) => bytes));
  const hasClusters = new Set(volumes.map(each => each.cluster)).size > 1;
  const [known] = useKnownClusters([cluster]);
  const isOther = (name: string) => known?.others.some(each => each.name === name) ?? false;
  const size = (bytes: number) => formatBytes(bytes, language);
  const columns: PlainColumn<VolumeShare>[] = [
    {
      id: 'volume',
      label: t('Volume'),
      cell: volume => (
        <>
          <Link
            routeName={VOLUME_ROUTE.name}
            params={{ namespace: volume.namespace, name: volume.name }}
            activeCluster={refTo(cluster, isOther(volume.cluster) ? volume.cluster : undefined)}
          >
            {`${volume.namespace}/${volume.name}`}
          </Link>
          {hasClusters && (
            <Typography component="div" variant="caption" color="text.secondary">
              {volume.cluster}
            </Typography>
          )}
          {isNarrow && <Bar part={volume.bytes / most} />}
        </>
      ),
    },
    {
      id: 'share',
      label: t('Share'),
      cell: ({ bytes }) => <Bar part={bytes / most} />,
    },
    {
      id: 'bytes',
      label: t('Stored'),
      isTight: true,
      isRight: true,
      cell: ({ bytes }) => size(bytes),
    },
    {
      id: 'archives',
      label: t('Archives'),
      isTight: true,
      isRight: true,
      cell: ({ archives }) => archives.toLocaleString(language),
    },
    {
      id: 'newest',
      label: t('Newest'),
      isTight: true,
      cell: ({ newestAt }) => <Ago date={newestAt} />,
    },
  ];
  const shown = isNarrow ? ['volume', 'bytes'] : columns.map(({ id }) => id);
  return (
    <Stack ref={box} tabIndex={-1} spacing={1} sx={{ outline: 'none' }}>
      <PlainTable
        label={t('Stored by volume')}
        columns={columns.filter(({ id }) => shown.includes(id))}
        rows={isAll ? volumes : volumes.slice(0, SHOWN)}
        rowKey={volume => `${volume.cluster}/${volume.namespace}/${volume.name}`}
      />
      {!isAll && volumes.length > SHOWN && (
        <span>
          <LinkButton onClick={() => setAll(true)}>
            {t('Show all {{total}}', { total: volumes.length })}
          </LinkButton>
        </span>
      )}
    </Stack>
  );
}

/** The number beside it says the same. @param part of the longest one, 0 to 1. */
const Bar = ({ part }: { part: number }) => (
  <Box
    aria-hidden
    sx={{ height: 10, minWidth: { sm: 120 }, borderRadius: 1, bgcolor: 'action.hover', my: 0.5 }}
  >
    <Box
      sx={{
        height: '100%',
        width: `${Math.max(part * 100, 1)}%`,
        borderRadius: 1,
        bgcolor: 'primary.main',
      }}
    />
  </Box>
);
