import type { Workload } from '../../cluster/inventory/workloads.ts';
import { StageError } from '../../errors.ts';
import type { Loop } from './loops.ts';
import { whoStarted } from './loops.ts';
import { levelOf } from './steps.ts';
import { levelText, nameOf } from './words.ts';

/**
 * @param loops what is known to start the workload.
 * @returns the problem that somebody has started a workload which a restore had stopped. It names who by the field manager of
 *   the change, or else by what is known.
 */
export function scaledBack(workload: Workload, loops: readonly Loop[]): StageError {
  const change = whoStarted(workload);
  const signed = change && loops.filter(({ managers }) => managers.includes(change.manager));
  const suspects = signed?.length ? signed : loops;
  const names = suspects.map(({ name }) => name).join(', ');
  const by = change ? ` by ${change.manager}` : '';
  const aside = !names ? '' : signed?.length ? ` (${names})` : ` (perhaps ${names})`;
  const at = change?.at ? ` at ${change.at}` : '';
  const { kind, namespace, name } = workload;
  return new StageError(
    'create',
    'ScaledBack',
    `${nameOf(workload)} was set back to ${levelText(
      levelOf(workload)
    )}${by}${aside}${at} while a restore had it stopped`,
    suspects.map(({ hint }) => hint).join('; ') ||
      `find out what sets it (kubectl get ${kind.toLowerCase()} ${name} -n ${namespace} -o yaml --show-managed-fields), stop that, and restore again`,
    'needs-action'
  );
}
