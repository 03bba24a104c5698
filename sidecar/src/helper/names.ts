import type { Pod } from '../cluster/gateway/pods.ts';

/** The label that names the run of a helper pod. */
export const RUN_LABEL = 'nkvm.io/run';

/** The attempt of a run for which a helper pod was created. */
export interface HelperId {
  runId: string;
  /** 1 is the first. */
  attempt: number;
  installation: string;
  /** Restores, drills and what plans them have pods that are named so. Default: `backup`. */
  purpose?: 'backup' | 'restore';
}

/** Labels of a helper pod. */
export const helperLabels = ({
  runId,
  attempt,
  installation,
}: HelperId): Record<string, string> => ({
  ...helperSelector(installation),
  [RUN_LABEL]: runId,
  'nkvm.io/attempt': `${attempt}`,
});

/** Labels by which an installation finds its own helpers, and never those of another one. */
export const helperSelector = (installation: string): Record<string, string> => ({
  'app.kubernetes.io/name': 'nkvm',
  'app.kubernetes.io/component': 'backup-helper',
  'nkvm.io/installation': installation,
});

/**
 * @returns names for the helper pod of an attempt, the usual one first; run ids are lower-case letters, digits and dashes.
 * The others are for an attempt that is repeated while its pod is still there: on a lost node it stays Terminating.
 */
export const helperNames = ({ runId, attempt, purpose = 'backup' }: HelperId): string[] => {
  const name = `nkvm-${purpose}-${runId}-${attempt}`;
  return [name, `${name}-b`, `${name}-c`];
};

/** The container of a helper pod that does the work. Admission webhooks may add others. */
export const HELPER_CONTAINER = 'helper';

/** @returns the status of that container. Statuses are sorted by name, so the first may be another one's. */
export const helperContainer = (pod: Pod | undefined) =>
  pod?.status?.containerStatuses?.find(({ name }) => name === HELPER_CONTAINER);

/** Where the volume is mounted. */
export const VOLUME_PATH = '/volume';

/** Where the helper keeps pipes and the seal. */
export const WORK_PATH = '/work';
