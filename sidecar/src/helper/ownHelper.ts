import { helperSelector, RUN_LABEL } from './names.ts';

/** A run, as far as it tells its helper pods. */
interface HelpedRun {
  namespace: string;
  status: string;
  details?: { kind: string; target?: { namespace: string } } | null;
}

/**
 * Tells the helper pods of this installation from pods that look like them. A pod is one only while its run is under way
 * in the pod's own namespace (for a restore: in that of the claim that it writes into), because labels and names can be copied: a pod that stays, or was made by somebody else, is a
 * user of the claim like any other.
 * @param runOf finds a run by its id.
 */
export const ownHelpers =
  (installation: string, runOf: (runId: string) => HelpedRun | undefined) =>
  ({
    namespace,
    name,
    labels,
  }: {
    namespace: string;
    name: string;
    labels: Record<string, string>;
  }): boolean => {
    const runId = labels[RUN_LABEL];
    if (!runId || !name.startsWith('nkvm-') || !name.includes(runId)) return false;
    const selector = Object.entries(helperSelector(installation));
    if (!selector.every(([label, value]) => labels[label] === value)) return false;
    const run = runOf(runId);
    if (!run || (run.details?.target?.namespace ?? run.namespace) !== namespace) return false;
    return run.status === 'running' || run.status === 'queued';
  };
