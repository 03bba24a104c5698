import { createHash } from 'node:crypto';

/** The label that names the run of a helper pod. */
export const RUN_LABEL = 'nkvm.io/run';

/** Labels of every helper pod of one run. */
export const helperLabels = (runId: string, installation: string): Record<string, string> => ({
  ...helperSelector(installation),
  [RUN_LABEL]: runId,
});

/** Labels by which an installation finds its own helpers, and never those of another one. */
export const helperSelector = (installation: string): Record<string, string> => ({
  'app.kubernetes.io/name': 'nkvm',
  'app.kubernetes.io/component': 'backup-helper',
  'nkvm.io/installation': installation,
});

/**
 * @param place where NKVM runs: its namespace, or the machine beside the cluster
 * @returns a label's value that tells installations apart: the same history file of the same place is the same one.
 */
export const installationId = (
  clusterName: string,
  place: string,
  metadataDbPath: string
): string =>
  createHash('sha256')
    .update([clusterName, place, metadataDbPath].join('\n'))
    .digest('hex')
    .slice(0, 16);

/** @returns the name of a run's helper pod; run ids are lower-case letters, digits and dashes. */
export const helperName = (runId: string): string => `nkvm-backup-${runId}`;

/** The one container of a helper pod. */
export const HELPER_CONTAINER = 'helper';

/** Where the volume is mounted, read-only. */
export const VOLUME_PATH = '/volume';

/** Where the helper keeps pipes and the seal. */
export const WORK_PATH = '/work';
