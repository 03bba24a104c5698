import { useSelector } from 'react-redux';
import { useText } from '../text';
import { formatDate } from './time';

/** The time zone of Headlamp's settings; undefined: that of the browser. */
export const useTimeZone = (): string | undefined =>
  useSelector(
    (state: { config: { settings?: { timezone?: string } } }) => state.config.settings?.timezone
  ) || undefined;

/**
 * @param timeStyle medium: with seconds, where one time is told from another.
 * @returns how to write a date in the language of the page, and in the time zone of Headlamp's settings.
 */
export function useFormatDate(timeStyle?: 'short' | 'medium'): (date: string) => string {
  const { language } = useText();
  const timeZone = useTimeZone();
  return date => formatDate(date, language, timeZone, timeStyle);
}
