import { Stack, Typography } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { useVolume } from '../../api/queries/queries';
import { useText } from '../../ui/text';
import { Ago } from '../../ui/time/Ago';
import { RunLink } from '../RunLink';
import { Action } from '../start/Action';

/** What remains after a failure: the last good backup, and a button to try again. */
export function AfterFailure({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t } = useText();
  const { namespace, name, uid } = backup;
  const { value: volume } = useVolume(cluster, { namespace, name });
  if (!volume) return null;
  // A volume that was recreated under this name is not the volume of this run.
  if (volume.uid !== uid) {
    return (
      <Typography variant="body2">
        {t('The volume of this run was deleted. Another volume has its name now.')}
      </Typography>
    );
  }
  const { lastSuccess, backupsVisible } = volume;
  return (
    <Stack direction="row" alignItems="center" flexWrap="wrap" gap={1.5}>
      {lastSuccess ? (
        <Typography component="span" variant="body2">
          {/* Run ids begin with the time. */}
          {lastSuccess.id > backup.id ? t('Backed up since') : t('Last good backup')}{' '}
          <RunLink cluster={cluster} id={lastSuccess.id} namespace={namespace}>
            <Ago date={lastSuccess.endedAt ?? lastSuccess.createdAt} />
          </RunLink>
        </Typography>
      ) : (
        backupsVisible && (
          <Typography component="span" variant="body2">
            {t('No successful backup yet.')}
          </Typography>
        )
      )}
      <Action cluster={cluster} volume={volume} />
    </Stack>
  );
}
