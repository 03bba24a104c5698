import type { PlanCheck, RestorePlan, RestoreStep } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { RunRecord } from '../../history/history.ts';
import type { RestoreDetails } from '../../history/queries/details.ts';
import { targetState } from '../../restore/claim/targetState.ts';
import { withoutWorkload } from '../../restore/scale/words.ts';

/** Says that names are left out. */
const HIDDEN =
  'you may not list pods in this namespace, so names of pods and workloads are not shown';

/** The reasons whose messages name pods or workloads, and the text without these names. */
const TEXTS: Record<string, string> = {
  ClaimInUse: 'the claim is used by a pod',
  PodsStay: 'the claim is still in use after its workloads were stopped',
  ScaledBack: 'a workload was started again while the restore had it stopped',
  WorkloadInRestore: 'a workload that uses the claim was stopped by another restore',
  WorkloadNotStoppable: 'a workload that uses the claim cannot be stopped',
  WorkloadNotStopped: 'a workload that uses the claim could not be stopped',
};

const STOPPED = 'the workloads that use the claim are stopped and started again';

/** @returns a plan for callers who may not list pods in the namespace of the target. */
export const planWithoutWorkloads = (plan: RestorePlan): RestorePlan => ({
  ...plan,
  workloads: [],
  checks: plan.checks.map(check =>
    check.name === 'in-use' ? inUseWithoutNames(check, plan.workloads.length > 0) : check
  ),
});

function inUseWithoutNames(check: PlanCheck, hasWorkloads: boolean): PlanCheck {
  switch (check.state) {
    case 'passes':
      return hasWorkloads ? { ...check, message: `${STOPPED}; ${HIDDEN}` } : check;
    case 'warns':
      return { ...check, message: `something may start a workload again; ${HIDDEN}` };
    case 'later':
    case 'fails':
      return { ...check, message: failureText(check.reason), hint: HIDDEN };
  }
}

const failureText = (reason: string | null): string =>
  TEXTS[reason ?? ''] ?? 'NKVM could not find out which workloads use the claim';

/** @returns a refusal of a restore for callers who may not list pods in the namespace of the target. */
export function errorWithoutWorkloads(error: unknown): unknown {
  if (!(error instanceof StageError) || !(error.reason in TEXTS)) return error;
  const { stage, reason } = error;
  return new StageError(stage, reason, failureText(reason), HIDDEN, error.class);
}

type Texts = Pick<RunRecord, 'message' | 'hint' | 'warnings'> & { steps: RestoreStep[] };

/** @returns the texts of a restore for callers who may not list pods in the namespace of the target. */
export function textsWithoutWorkloads(run: RunRecord, details: RestoreDetails): Texts {
  const { steps, target, hasBegunToWrite, scale, safetyBackupId } = details;
  const isAboutWorkloads =
    (run.reason !== null && run.reason in TEXTS) ||
    steps.some(({ step, state }) => step === 'scale-down' && state === 'failed');
  const text = failureText(run.reason);
  const { message, hint } = targetState({
    ...{ namespace: run.namespace, name: run.name, mode: target.mode, safetyBackupId },
    ...{ hasWritten: hasBegunToWrite, isScaled: scale, made: 'none' },
  });
  return {
    ...(isAboutWorkloads
      ? { message: message ? `${text}; ${message}` : text, hint: hint ?? HIDDEN }
      : { message: run.message, hint: run.hint }),
    warnings: run.warnings.map(withoutWorkload),
    steps: steps.map(each => {
      if (each.message === '') return each;
      if (each.step === 'scale-down' || each.step === 'scale-up')
        return { ...each, message: HIDDEN };
      return each.state === 'failed' && isAboutWorkloads ? { ...each, message: text } : each;
    }),
  };
}
