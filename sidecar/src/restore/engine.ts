import type { RestoreStep, StartRestore } from '../../api/index.ts';
import { StageError } from '../errors.ts';
import type { RunRecord } from '../history/history.ts';
import type { PlanWorld } from './facts.ts';
import { gatherFacts } from './facts.ts';
import { planOf } from './plan.ts';
import { stepNames } from './steps.ts';
import type { RestoreEngine } from './types.ts';

/** Plans restores, and decides which requests become runs. */
export function restoreEngine(world: PlanWorld): RestoreEngine {
  return {
    async plan(request, signal) {
      return planOf(await gatherFacts(request, world, { isThorough: true, signal }));
    },

    async admit(request, signal, undoOf) {
      const facts = await gatherFacts(request, world, { isThorough: false, signal });
      const { checks } = planOf(facts);
      const failing = checks.find(({ state }) => state === 'fails');
      if (failing) {
        const { reason, message, hint } = failing;
        throw new StageError(
          'queue',
          reason ?? 'NotPossible',
          message,
          hint ?? 'see the plan of this restore',
          'needs-action'
        );
      }
      if (!('is' in facts.source.found)) throw facts.source.found.fails;
      const source = facts.source.found.is;
      const { target, paths, scale, safetyBackup } = request;
      const isNew = target.mode === 'new';
      const steps = stepNames({ isNew, scale, safetyBackup }).map(
        (step): RestoreStep => ({ step, state: 'waiting', message: '' })
      );
      return {
        target: {
          namespace: target.namespace,
          name: target.name,
          uid: isNew ? '' : facts.claim?.uid ?? '',
        },
        details: {
          kind: 'restore',
          backup: request.backup,
          archive: source.key,
          destination: source.destination.id,
          source: source.source,
          ...{ target, scale, steps },
          paths: paths ?? null,
          safetyBackup: safetyBackup && !isNew,
          safetyBackupId: null,
          undoOf: undoOf ?? null,
          comparison: null,
          totalBytes: paths ? null : source.bytes,
          createdUid: null,
          hasBegunToWrite: false,
        },
      };
    },

    undoOf: run => undoRequest(run, world),
  };
}

/**
 * @returns the request that brings the claim back to what it was: its safety backup, with everything else deleted.
 * @throws StageError (`NothingToUndo`)
 */
export function undoRequest(
  run: RunRecord,
  { inventory, history }: Pick<PlanWorld, 'inventory' | 'history'>
): StartRestore {
  const no = (why: string, hint: string): StageError =>
    new StageError('queue', 'NothingToUndo', `restore ${run.id} ${why}`, hint, 'needs-action');
  const { details } = run;
  if (details?.kind !== 'restore') throw no('is not a restore', 'choose a restore');
  if (run.endedAt === null) throw no('has not ended', 'cancel it, or wait until it has ended');
  if (details.target.mode === 'new') {
    throw no('made a new claim: nothing was changed', 'delete the claim if nobody needs it');
  }
  if (details.safetyBackupId === null) {
    throw no(
      details.hasBegunToWrite ? 'has no safety backup' : 'has not changed the claim',
      'restore another backup of the claim'
    );
  }
  if (history.get(details.safetyBackupId)?.status !== 'success') {
    throw no('has a safety backup that did not succeed', 'restore another backup of the claim');
  }
  const claim = inventory.claim(run.namespace, run.name);
  if (claim?.uid !== run.uid) {
    throw no(
      `was into claim ${run.namespace}/${run.name}, which was deleted since`,
      `restore backup ${details.safetyBackupId} into a new claim`
    );
  }
  return {
    backup: details.safetyBackupId,
    target: { namespace: run.namespace, name: run.name, mode: 'mirror' },
    scale: details.scale,
    safetyBackup: true,
  };
}
