import type { Admission } from '../../backup/request/admission.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { StageError } from '../../errors.ts';
import type { History, RunRecord } from '../../history/history.ts';
import type { DrillDetails } from '../../history/queries/details.ts';
import type { Queue } from '../../jobs/queue/queue.ts';
import { SCHEDULE } from '../../jobs/requesters.ts';
import { admitDrill } from '../../restore/check/admitDrill.ts';
import { checkedCopies } from '../../restore/check/checkedCopies.ts';
import type { RestoreEngine } from '../../restore/types.ts';
import type { StartScheduled } from './scheduler.ts';

/** @returns the same decision as for a request of a person, with the priority of scheduled runs. */
export const startBackups =
  (admission: Admission, queue: Pick<Queue, 'add'>): StartScheduled =>
  async claims => {
    const asked = claims.map(({ namespace, name }) => ({ namespace, name }));
    const { claims: admitted, refused } = await admission.admit(asked);
    if (admitted.length > 0)
      await queue.add(admitted, { priority: 'scheduled', requestedBy: SCHEDULE });
    return refused.flatMap(({ volume, error }) => {
      const claim = claims[asked.indexOf(volume as (typeof asked)[number])];
      return claim ? [{ claim, error }] : [];
    });
  };

export interface DrillWorld {
  history: Pick<History, 'get' | 'ofClaim'>;
  queue: Pick<Queue, 'add'>;
  drills: Pick<RestoreEngine, 'admit'>;
  signal: AbortSignal;
}

/** @returns what makes a drill of the newest good backup of each claim. */
export const startDrills =
  (world: DrillWorld): StartScheduled =>
  async claims => {
    const refused: { claim: Claim; error: StageError }[] = [];
    for (const claim of claims) {
      try {
        await startDrill(claim, world);
      } catch (error) {
        if (!(error instanceof StageError)) throw error;
        refused.push({ claim, error });
      }
    }
    return refused;
  };

async function startDrill(claim: Claim, world: DrillWorld): Promise<void> {
  const { history, queue, drills, signal } = world;
  const { namespace, name, uid } = claim;
  const backup = newestGood(claim, history);
  const [copy] = checkedCopies(backup);
  await admitDrill(drills, backup, {}, signal);
  const details: DrillDetails = {
    ...{ kind: 'drill', backup: backup.id, request: {} },
    totalBytes: copy?.bytes ?? null,
    ...{ comparison: null, output: null, scratch: null },
  };
  const place = { namespaceUid: backup.namespaceUid, clusterUid: backup.clusterUid };
  await queue.add([{ namespace, name, uid, place }], {
    ...{ kind: 'drill', details, priority: 'scheduled', requestedBy: SCHEDULE },
  });
}

/** @throws StageError (`NothingToDrill`) */
function newestGood(claim: Claim, history: DrillWorld['history']): RunRecord {
  const { uid, namespace, name } = claim;
  const { lastSuccess } = history.ofClaim(uid, namespace, name);
  const backup =
    lastSuccess && lastSuccess.presentAt.length > 0 ? history.get(lastSuccess.id) : undefined;
  if (backup) return backup;
  throw new StageError(
    'queue',
    'NothingToDrill',
    `claim ${namespace}/${name} has no good backup that a drill could restore`,
    'back up the volume, or delete the annotation nkvm.io/drill',
    'needs-action'
  );
}
