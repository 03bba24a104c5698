import {
  ACCEPT_CHANGE_ANNOTATION,
  BACKUP_LABEL,
  BACKUP_LABEL_VALUES,
  START_ANNOTATION,
  SUSPEND_ANNOTATION,
} from '../../sidecar/api/names.ts';
import type { MetadataChange } from '../api/objects';
import type { Translate } from '../ui/text';

/** Values of the label, and to remove it. */
export type ScheduleChoice = (typeof BACKUP_LABEL_VALUES)[number] | 'none';

export const SCHEDULE_CHOICES: readonly ScheduleChoice[] = [...BACKUP_LABEL_VALUES, 'none'];

/** @returns the choice that a label stands for; undefined for a value that is not valid. */
export function choiceOf(label: string | undefined): ScheduleChoice | undefined {
  if (label === undefined) return 'none';
  return BACKUP_LABEL_VALUES.find(value => value === label);
}

export const labelChange = (choice: ScheduleChoice): MetadataChange => ({
  labels: { [BACKUP_LABEL]: choice === 'none' ? null : choice },
});

export const suspendChange = (isSuspended: boolean): MetadataChange => ({
  annotations: { [SUSPEND_ANNOTATION]: isSuspended ? 'true' : null },
});

/** @param start `empty`, `newest`, or the id of a backup. */
export const startChange = (start: string): MetadataChange => ({
  annotations: { [START_ANNOTATION]: start },
});

export const acceptChange = (backup: string): MetadataChange => ({
  annotations: { [ACCEPT_CHANGE_ANNOTATION]: backup },
});

export function choiceTitle(choice: ScheduleChoice, t: Translate): string {
  switch (choice) {
    case 'hourly':
      return t('Hourly');
    case 'daily':
      return t('Daily');
    case 'weekly':
      return t('Weekly');
    case 'monthly':
      return t('Monthly');
    case 'off':
      return t('Off');
    case 'none':
      return t('No label');
  }
}

/** What a choice means. @param isNamespace for all volumes of a namespace. */
export function choiceText(choice: ScheduleChoice, isNamespace: boolean, t: Translate): string {
  switch (choice) {
    case 'hourly':
      return t('A backup every hour, at a minute that differs between volumes.');
    case 'daily':
      return t('A backup every day, at a time that differs between volumes.');
    case 'weekly':
      return t('A backup every week.');
    case 'monthly':
      return t('A backup every month.');
    case 'off':
      return isNamespace
        ? t('No scheduled backups, except for volumes with a label of their own.')
        : t('No scheduled backups, even if the namespace has a schedule.');
    case 'none':
      return isNamespace
        ? t('The label is removed. Only volumes with a label of their own are backed up.')
        : t('The label is removed. The schedule of the namespace applies, if it has one.');
  }
}
