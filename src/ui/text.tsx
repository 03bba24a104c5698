import { useTranslation } from '@kinvolk/headlamp-plugin/lib';
import { createContext, type ReactNode, useContext } from 'react';

/** Keys are the English text. They hold no colon: i18next would take what stands before it for a namespace. */
export type Translate = ReturnType<typeof useTranslation>['t'];

interface Text {
  t: Translate;
  /** For numbers and dates: the language of our strings, which may be another one than Headlamp's. */
  language?: string;
}

const TextContext = createContext<Text | undefined>(undefined);

/**
 * Gives the strings to all components below it, once they are loaded. Headlamp's `useTranslation` loads them for each
 * component that calls it, and gives empty strings at first: one call for each page is enough.
 */
export function WithText({ children }: { children: ReactNode }) {
  const { t, i18n, ready } = useTranslation();
  return ready ? (
    <TextContext.Provider value={{ t, language: languageOf(i18n) }}>
      {children}
    </TextContext.Provider>
  ) : null;
}

/** @returns the language of Headlamp where we have strings in it, else English: one page speaks one language. */
export function languageOf(
  i18n?: {
    language?: string;
    hasResourceBundle?: (language: string, namespace: string) => boolean;
    options?: { defaultNS?: unknown };
  } | null
): string {
  const { language, options } = i18n ?? {};
  const namespace = String(options?.defaultNS);
  const known = [language, language?.split('-')[0]].find(
    each => each && i18n?.hasResourceBundle?.(each, namespace)
  );
  return known ?? 'en';
}

/** @throws Error outside of `WithText`. */
export function useText(): Text {
  const text = useContext(TextContext);
  if (!text) throw new Error('useText is called outside of WithText');
  return text;
}
