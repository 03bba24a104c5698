import { Stack, Typography } from '@mui/material';
import { useRef } from 'react';
import type { Backup, VolumeRef } from '../../../sidecar/api';
import { isFinal } from '../../api/final';
import { LiveCluster, useBackup, useBackups } from '../../api/queries/queries';
import { CompareLink } from '../../files/ArchiveLinks';
import { LoadOlder } from '../../setup/LoadOlder';
import { Shown } from '../../setup/Shown';
import { useText } from '../../ui/text';
import { hasArchive } from '../copies/archiveState';
import { RunProgress } from '../run/RunProgress';
import { RunLink } from '../RunLink';
import { HistoryTable } from './HistoryTable';

interface ClaimRunsProps {
  cluster: string;
  claim: VolumeRef;
  /** Of the claim that is there now: others had its name before. Absent: there is no claim now. */
  uid?: string;
}

/** The runs of a volume, and separately the runs of earlier volumes with its name. */
export function ClaimRuns({ cluster, claim, uid }: ClaimRunsProps) {
  const history = useBackups(cluster, claim);
  return (
    <>
      <LiveCluster cluster={cluster} namespaces={[claim.namespace]} />
      <Shown cluster={cluster} asked={history} isPart namespace={claim.namespace}>
        {runs => <Runs cluster={cluster} uid={uid} runs={runs} loadOlder={history.loadOlder} />}
      </Shown>
    </>
  );
}

interface RunsProps {
  cluster: string;
  uid?: string;
  runs: Backup[];
  loadOlder?: () => Promise<void>;
}

function Runs({ cluster, uid, runs, loadOlder }: RunsProps) {
  const { t } = useText();
  const box = useRef<HTMLDivElement>(null);
  const isThere = uid !== undefined;
  const underWay = runs.filter(({ status }) => !isFinal(status));
  const ended = runs.filter(({ status }) => isFinal(status));
  const own = ended.filter(run => run.uid === uid);
  const archives = own.filter(hasArchive);
  const [newest] = archives;
  const earlier = ended.filter(run => run.uid !== uid);
  return (
    <Stack spacing={2} ref={box} tabIndex={-1} sx={{ outline: 'none' }}>
      {underWay.map(({ id, namespace }) => (
        <LiveRun
          key={id}
          cluster={cluster}
          id={id}
          namespace={namespace}
          onCancelled={() => box.current?.focus()}
        />
      ))}
      {(own.length > 0 || (underWay.length === 0 && (isThere || earlier.length === 0))) && (
        <HistoryTable
          cluster={cluster}
          backups={own}
          emptyMessage={t('This volume has never been backed up.')}
        />
      )}
      {earlier.length > 0 && (
        <section>
          {isThere && (
            <>
              <Typography component="h3" variant="subtitle1">
                {t('Earlier volume of this name')}
              </Typography>
              <Typography variant="body2" color="text.secondary" gutterBottom>
                {t('It was deleted. Its backups do not contain the data of the volume above.')}
              </Typography>
            </>
          )}
          <HistoryTable cluster={cluster} backups={earlier} isEarlier />
        </section>
      )}
      {loadOlder && <LoadOlder loadOlder={loadOlder} />}
      {newest && archives.length > 1 && (
        <span>
          <CompareLink cluster={cluster} backup={newest} />
        </span>
      )}
    </Stack>
  );
}

interface LiveRunProps {
  cluster: string;
  id: string;
  namespace: string;
  onCancelled(): void;
}

function LiveRun({ cluster, id, namespace, onCancelled }: LiveRunProps) {
  const { value: backup } = useBackup(cluster, id, namespace);
  const { t } = useText();
  // The list is a moment behind: it will show the run among those that have ended.
  return backup && !isFinal(backup.status) ? (
    <RunProgress cluster={cluster} backup={backup} onCancelled={onCancelled}>
      <RunLink cluster={cluster} id={id} namespace={namespace}>
        {t('Details')}
      </RunLink>
    </RunProgress>
  ) : null;
}
