import type { Backup, RunStage } from '../../../sidecar/api';
import { isFinal } from '../../api/final';

/** How a stage ended, or that it goes on. A run that ended badly has stages that were begun, and led to nothing. */
export type StageState = 'done' | 'running' | 'failed' | 'cancelled' | 'abandoned';

/**
 * @returns the state of each recorded stage, in their order. Where a run ended badly, only what came before that stage is
 * done, and the cleanup, which always runs.
 */
export function stageStates({ status, stage, stages, failureClass }: Backup): StageState[] {
  const endedAt =
    isFinal(status) && status !== 'success' ? badStage({ status, stage, stages }) : undefined;
  return stages.map(({ stage: each, endedAt: end }, index): StageState => {
    if (!isFinal(status)) return end ? 'done' : 'running';
    if (endedAt === undefined) return status === 'success' || end ? 'done' : 'abandoned';
    // A run that was cancelled while it waited for its next attempt has failed at this stage before.
    if (index === endedAt)
      return status === 'failed' || failureClass !== null ? 'failed' : 'cancelled';
    if (index < endedAt) return 'done';
    return each === 'cleanup' && end ? 'done' : 'abandoned';
  });
}

/** @returns where it ended: the stage that is named, or else the last one before the cleanup. */
function badStage({
  status,
  stage: named,
  stages,
}: Pick<Backup, 'status' | 'stage' | 'stages'>): number | undefined {
  const at = (wanted: (stage: RunStage) => boolean) => {
    const index = stages.map(({ stage }) => wanted(stage)).lastIndexOf(true);
    return index < 0 ? undefined : index;
  };
  return (
    // A cancelled run is in its cleanup whatever it did before.
    (named === 'cleanup' && status === 'cancelled' ? undefined : at(each => each === named)) ??
    at(stage => stage !== 'cleanup') ??
    at(() => true)
  );
}
