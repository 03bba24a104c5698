import type { Stage, StartDrill } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { allowRootCommand } from '../../helper/settings/readsAs.ts';
import type { RunRecord } from '../../history/history.ts';
import type { RestoreEngine } from '../types.ts';

/** Makes sure that a drill of a backup may start. @throws StageError: what keeps it, as the plan of such a restore says it */
export async function admitDrill(
  engine: Pick<RestoreEngine, 'admit'>,
  { id, namespace }: Pick<RunRecord, 'id' | 'namespace'>,
  { storageClass }: Pick<StartDrill, 'storageClass'>,
  signal: AbortSignal
): Promise<void> {
  const target = {
    ...({ namespace, name: `nkvm-drill-${id}`, mode: 'new' } as const),
    ...(storageClass !== undefined && { storageClass }),
  };
  try {
    await engine.admit({ backup: id, target, scale: false, safetyBackup: false }, signal);
  } catch (error) {
    const isNoRoot = error instanceof StageError && error.reason === 'PodSecurity';
    throw isNoRoot ? noDrillWithoutRoot(namespace, 'queue') : error;
  }
}

/** A drill is for the namespace of its backup: the ways out of a restore are not its own. */
export const noDrillWithoutRoot = (namespace: string, stage: Stage): StageError =>
  new StageError(
    stage,
    'PodSecurity',
    `no drill can be made in namespace ${namespace}: it enforces Pod Security level restricted, which admits no helper pod that runs as root, and no other can restore the owners of files`,
    `verify the backup, which needs no pod there, or restore it into a new claim of another namespace; to make drills, let helper pods run as root: ${allowRootCommand(
      namespace
    )}`,
    'needs-action'
  );
