import type { Backup } from '../../sidecar/api';
import { type Translate } from '../ui/text';

/** What happens at a stage, in words. */
export function stageText(stage: NonNullable<Backup['stage']>, t: Translate): string {
  switch (stage) {
    case 'queue':
      return t('Waiting for its turn');
    case 'hook':
      return t('Running the hook');
    case 'snapshot':
      return t('Taking a snapshot');
    case 'create':
      return t('Creating the helper pod');
    case 'wait':
      return t('Waiting for the helper pod');
    case 'exec':
      return t('Starting tar in the pod');
    case 'copy':
      return t('Copying the archive');
    case 'checksum':
      return t('Comparing checksums');
    case 'publish':
      return t('Publishing the archive');
    case 'cleanup':
      return t('Deleting the helper pod');
  }
}

/** What a run does right now. */
export function activityText(
  { stage, status, retryAt, attempt, queuePosition: place }: Backup,
  t: Translate
): string {
  if (status === 'queued' && retryAt)
    return t('Waiting to try again, attempt {{attempt}}', { attempt });
  if (status === 'queued') {
    return place ? t('Position {{place}} in the queue', { place }) : t('Waiting for its turn');
  }
  return stage ? stageText(stage, t) : t('Starting');
}
