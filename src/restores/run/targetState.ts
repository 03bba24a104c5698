import type { Restore } from '../../../sidecar/api';

/** The state of the claim after a restore that did not succeed. */
export type TargetState =
  /** It is as it was. */
  | 'untouched'
  /** The new claim was never created. */
  | 'not-created'
  /** The new claim was deleted again. */
  | 'deleted'
  /** The new claim is there, with a part of the data or none, and marked as such. */
  | 'incomplete'
  /** An existing claim holds some of the backup, and some of what it held. */
  | 'mixed';

/** Read from what is recorded: what is not known to be untouched is not called so. */
export function targetStateOf({ target, steps }: Pick<Restore, 'target' | 'steps'>): TargetState {
  const stateOf = (name: Restore['steps'][number]['step']) =>
    steps.find(({ step }) => step === name)?.state;
  const write = stateOf('write');
  const hasWritten = write !== undefined && write !== 'waiting' && write !== 'skipped';
  if (target.mode === 'new') {
    const create = stateOf('create-claim');
    if (create === 'undone') return 'deleted';
    const wasCreated = target.uid !== null || create === 'done' || hasWritten;
    return wasCreated ? 'incomplete' : 'not-created';
  }
  return hasWritten ? 'mixed' : 'untouched';
}
