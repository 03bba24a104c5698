import { Box, Typography } from '@mui/material';
import type { ReactNode } from 'react';
import { RunLink } from '../backups/RunLink';
import { Proven } from '../checks/Proven';
import { PolicyLine } from '../policy/PolicyLine';
import { useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { Newest } from './LastGood';
import { placesText } from './places';
import { protectionOf } from './protection';
import { ProtectionBadge } from './ProtectionBadge';
import type { Row } from './row';
import { useFreshRow } from './rows';

/** The state of a volume, and below it two dates: of the last good backup, and of anything tried since. */
export function StateCell({ row, nowMs }: { row: Row; nowMs: number }) {
  const { t } = useText();
  const { cluster, volume, policy } = useFreshRow(row);
  const { lastBackup, lastSuccess, lastProvenRestore, namespace } = volume;
  const isNewer = lastBackup && lastBackup.id !== lastSuccess?.id;
  const places = lastSuccess && placesText(lastSuccess.presentAt);
  return (
    <Box>
      <ProtectionBadge protection={protectionOf(volume, nowMs, policy)} />
      {isNewer && <Newest cluster={cluster} namespace={namespace} run={lastBackup} />}
      {lastSuccess && (
        <Lesser>
          {isNewer && `${t('Last good backup')} `}
          <RunLink cluster={cluster} id={lastSuccess.id} namespace={namespace}>
            <Ago date={lastSuccess.endedAt ?? lastSuccess.createdAt} />
          </RunLink>
          {places && ` · ${places}`}
          {lastSuccess.hasWarnings && ` · ${t('with warnings')}`}
        </Lesser>
      )}
      {policy && volume.backupsVisible && (
        <Lesser>
          <PolicyLine policy={policy} />
        </Lesser>
      )}
      {lastProvenRestore && (
        <Proven cluster={cluster} namespace={namespace} proven={lastProvenRestore} isSmall />
      )}
    </Box>
  );
}

const Lesser = ({ children }: { children: ReactNode }) => (
  <Typography
    component="div"
    variant="caption"
    color="text.secondary"
    sx={{ overflowWrap: 'anywhere' }}
  >
    {children}
  </Typography>
);
