import type { RestoreStep } from '../../api/index.ts';

type StepName = RestoreStep['step'];

/** The steps of one restore, in their order. */
export interface Steps {
  begin(step: StepName, message?: string): void;
  /** Says what the step that is going on waits for, or how far it is. */
  say(message: string): void;
  /** The step that is going on, or `step`, has ended. */
  done(message: string, step?: StepName): void;
  /** The step that is going on, if any, has failed. */
  failed(message: string): void;
  /** The result of a step was undone. */
  undone(step: StepName, message: string): void;
  list(): RestoreStep[];
}

/**
 * @param names of the steps that this restore has, in their order
 * @param onChange is called after each change
 */
export function stepsOf(
  names: readonly StepName[],
  onChange: (steps: RestoreStep[]) => void
): Steps {
  const steps: RestoreStep[] = names.map(step => ({ step, state: 'waiting', message: '' }));
  let current: RestoreStep | undefined;
  const list = (): RestoreStep[] => steps.map(each => ({ ...each }));
  const set = (
    step: RestoreStep | undefined,
    state: RestoreStep['state'],
    message: string
  ): void => {
    if (!step) return;
    Object.assign(step, { state, message });
    if (step === current && state !== 'running') current = undefined;
    onChange(list());
  };
  const named = (step: StepName): RestoreStep | undefined => steps.find(each => each.step === step);
  return {
    begin(step, message = '') {
      current = named(step);
      set(current, 'running', message);
    },
    say(message) {
      if (current?.message !== message) set(current, 'running', message);
    },
    done: (message, step) => set(step ? named(step) : current, 'done', message),
    failed: message => set(current, 'failed', message),
    undone: (step, message) => set(named(step), 'undone', message),
    list,
  };
}

/** @returns the steps of a restore that is asked for like this. */
export const stepNames = ({
  isNew,
  scale,
  safetyBackup,
}: {
  isNew: boolean;
  scale: boolean;
  safetyBackup: boolean;
}): StepName[] => [
  'check-archive',
  ...(scale ? (['scale-down'] as const) : []),
  ...(!isNew && safetyBackup ? (['safety-backup'] as const) : []),
  ...(isNew ? (['create-claim'] as const) : []),
  'write',
  'compare',
  ...(scale ? (['scale-up'] as const) : []),
];
