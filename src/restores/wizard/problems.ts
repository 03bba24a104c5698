import { kindOf } from '../sources';
import type { Draft, Step } from './draft';
import { isClaimName, isNamespaceName, isQuantity } from './names';

/** A field of the wizard that is missing or wrong. */
export type Problem =
  | 'backup'
  | 'original'
  | 'namespace'
  | 'name'
  | 'size'
  | 'accessModes'
  | 'labels';

/** What Kubernetes accepts as a label, in length and form. */
const LABEL_NAME =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/;

/** @returns the problems that have to be solved before the step after `step`. */
export function problemsOf(draft: Draft, step: Step): Problem[] {
  const what: Problem[] = draft.backup ? [] : ['backup'];
  if (step === 'what') return what;
  return [...what, ...placeProblems(draft)];
}

function placeProblems({ backup, into, where, from, target, ...made }: Draft): Problem[] {
  const { size, accessModes, labels } = made;
  if (where === 'original') {
    // A claim in another cluster with the same name is not the original.
    const isKnown = kindOf(backup) === 'backup' && from.namespace && from.name;
    return isKnown && into === undefined ? [] : ['original'];
  }
  const named: Problem[] = [
    ...(isNamespaceName(target.namespace) ? [] : ['namespace' as const]),
    ...(isClaimName(target.name) ? [] : ['name' as const]),
  ];
  if (where === 'existing') return named;
  return [
    ...named,
    ...(!size || isQuantity(size) ? [] : ['size' as const]),
    ...(accessModes?.length === 0 ? ['accessModes' as const] : []),
    ...(Object.entries(labels ?? {}).every(
      ([key, value]) => LABEL_NAME.test(key) && LABEL_VALUE.test(value)
    )
      ? []
      : ['labels' as const]),
  ];
}
