import { useTranslation } from '@kinvolk/headlamp-plugin/lib';

/** @returns the language that Headlamp shows, for numbers and dates; undefined before it is known. */
export const useLanguage = (): string | undefined => useTranslation().i18n?.language;
