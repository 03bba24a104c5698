import type { PolicySchedule } from '../../sidecar/api';
import type { Translate } from '../ui/text';
import { choiceOf, choiceTitle } from './choices';

/** @returns e.g. `Hourly`, or the cron text of an annotation. */
export function scheduleTitle({ text }: PolicySchedule, t: Translate): string {
  const choice = choiceOf(text);
  return choice ? choiceTitle(choice, t) : text;
}

/** @returns where the schedule comes from, e.g. `Label on the claim`. */
export function scheduleSource({ setOn, setBy }: PolicySchedule, t: Translate): string {
  if (setOn === 'claim') {
    return setBy === 'label' ? t('Label on the claim') : t('Annotation on the claim');
  }
  return setBy === 'label' ? t('Label on the namespace') : t('Annotation on the namespace');
}
