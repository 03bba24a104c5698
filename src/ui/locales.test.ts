import { expect, it } from 'vitest';
import english from '../../locales/en/translation.json?raw';

const texts: Record<string, string> = JSON.parse(english);
const keys = Object.keys(texts);

it('holds no key with a colon: i18next takes what stands before it for a namespace', () => {
  expect(keys.filter(key => key.includes(':'))).toEqual([]);
});

it('has a singular of its own wherever something is counted', () => {
  const counted = keys.filter(key => key.endsWith('_one'));
  expect(counted).not.toEqual([]);
  for (const one of counted) {
    expect(texts[one]).not.toBe(texts[one.replace(/_one$/, '_other')]);
  }
});
