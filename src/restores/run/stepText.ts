import type { Restore, RestoreStep } from '../../../sidecar/api';
import { stageText } from '../../backups/run/stageText';
import type { Translate } from '../../ui/text';

/** What a step does. */
export function stepText(step: RestoreStep['step'], t: Translate): string {
  switch (step) {
    case 'check-archive':
      return t('Check the archive');
    case 'scale-down':
      return t('Stop the workload');
    case 'safety-backup':
      return t('Back up the claim');
    case 'create-claim':
      return t('Create the claim');
    case 'write':
      return t('Write the files');
    case 'compare':
      return t('Compare with the archive');
    case 'scale-up':
      return t('Start the workload');
  }
}

/** What a step does right now. */
function runningText(step: RestoreStep['step'], t: Translate): string {
  switch (step) {
    case 'check-archive':
      return t('Checking the archive');
    case 'scale-down':
      return t('Stopping the workload');
    case 'safety-backup':
      return t('Backing up the claim');
    case 'create-claim':
      return t('Creating the claim');
    case 'write':
      return t('Writing the files');
    case 'compare':
      return t('Comparing the files with the archive');
    case 'scale-up':
      return t('Starting the workload');
  }
}

/** What a restore does right now. */
export function restoreActivity(
  { status, steps, stage, retryAt, attempt, queuePosition: place }: Restore,
  t: Translate
): string {
  if (status === 'queued' && retryAt) {
    return t('Waiting to try again, attempt {{attempt}}', { attempt });
  }
  if (status === 'queued') {
    return place
      ? t('Number {{place}} among the waiting runs that you can see', { place })
      : t('Waiting for its turn');
  }
  const running = steps.find(({ state }) => state === 'running');
  if (running) return runningText(running.step, t);
  // A stage of copying is called after backups.
  return stage && stage !== 'copy' && stage !== 'publish' ? stageText(stage, t) : t('Starting');
}
