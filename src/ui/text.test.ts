import { expect, it, vi } from 'vitest';
import { languageOf } from './text';

vi.mock('@kinvolk/headlamp-plugin/lib', () => ({}));

const i18n = (language: string, ...ours: string[]) => ({
  language,
  options: { defaultNS: 'nkvm' },
  hasResourceBundle: (each: string, namespace: string) =>
    namespace === 'nkvm' && ours.includes(each),
});

it.each([
  ['that of Headlamp where we have strings in it', i18n('de', 'en', 'de'), 'de'],
  ['English where we have none', i18n('de', 'en'), 'en'],
  ['a language that Headlamp narrows down', i18n('de-AT', 'en', 'de'), 'de'],
  ['English before there are any strings', null, 'en'],
])('numbers and dates are in %s', (_, given, language) => {
  expect(languageOf(given)).toBe(language);
});
