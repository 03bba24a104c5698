import type { RestoreStep } from '../../api/index.ts';
import { StageError } from '../errors.ts';
import type { PlanWorld } from './plan/facts.ts';
import { gatherFacts } from './plan/facts.ts';
import { planOf } from './plan/plan.ts';
import { stepNames } from './steps.ts';
import type { RestoreEngine } from './types.ts';
import { undoRequest } from './undo.ts';

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
