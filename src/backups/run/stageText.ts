import type { Backup } from '../../../sidecar/api';
import { type Translate } from '../../ui/text';

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

/** The title of a failure. */
export function failedText(stage: Backup['stage'], t: Translate): string {
  switch (stage) {
    case null:
      return t('Failed');
    case 'queue':
      return t('Failed in the queue');
    case 'hook':
      return t('Failed while running the hook');
    case 'snapshot':
      return t('Failed while taking a snapshot');
    case 'create':
      return t('Failed while creating the helper pod');
    case 'wait':
      return t('Failed while waiting for the helper pod');
    case 'exec':
      return t('Failed while starting tar in the pod');
    case 'copy':
      return t('Failed while copying the archive');
    case 'checksum':
      return t('Failed while comparing checksums');
    case 'publish':
      return t('Failed while publishing the archive');
    case 'cleanup':
      return t('Failed while deleting the helper pod');
  }
}

/** What a run does right now. @param date writes a moment. */
export function activityText(
  { stage, status, retryAt, attempt, queuePosition: place }: Backup,
  t: Translate,
  date: (at: string) => string
): string {
  if (status === 'queued' && retryAt) {
    return t('Retrying at {{time}} (attempt {{attempt}})', { time: date(retryAt), attempt });
  }
  if (status === 'queued') {
    return place
      ? t('Number {{place}} among the waiting runs that you can see', { place })
      : t('Waiting for its turn');
  }
  return stage ? stageText(stage, t) : t('Starting');
}
