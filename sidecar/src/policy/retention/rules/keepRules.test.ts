import { describe, expect, it } from 'vitest';
import type { KeepRules } from './keepRules.ts';
import { keepText, parseKeep } from './keepRules.ts';

const span = (part: object) => ({ years: 0, months: 0, days: 0, hours: 0, ...part });

describe('the rules in a text', () => {
  it.each<[string, KeepRules]>([
    ['last=3', { last: 3 }],
    [
      'last=3,hourly=24,daily=7,weekly=4,monthly=6,yearly=2',
      { last: 3, hourly: 24, daily: 7, weekly: 4, monthly: 6, yearly: 2 },
    ],
    [' daily=7 , last=1 ', { daily: 7, last: 1 }],
    ['daily=7 last=1', { daily: 7, last: 1 }],
    ['within=14d', { within: span({ days: 14 }) }],
    ['within=3m2d', { within: span({ months: 3, days: 2 }) }],
    ['within=1y2m3d4h', { within: span({ years: 1, months: 2, days: 3, hours: 4 }) }],
    ['all', {}],
  ])('%s', (text, rules) => {
    expect(parseKeep(text)).toEqual({ rules });
    if (text !== 'all') expect(parseKeep(keepText(rules))).toEqual({ rules });
  });

  it.each([
    ['', 'the rules take'],
    ['   ', 'the rules take'],
    ['last', '"last" is not one of'],
    ['last=', '"last=" is not one of'],
    ['last=0', 'last takes a whole number'],
    ['last=-1', 'last takes a whole number'],
    ['last=3.5', 'last takes a whole number'],
    ['last=1000000', 'last takes a whole number'],
    ['last=3,last=4', 'last is there twice'],
    ['last=3,', '"" is not one of'],
    ['minutely=3', '"minutely=3" is not one of'],
    ['constructor=3', '"constructor=3" is not one of'],
    ['toString=3', '"toString=3" is not one of'],
    ['within=14', 'within takes a span'],
    ['within=0d', 'within takes a span'],
    ['within=2d1m', 'within takes a span'],
    ['within=', '"within=" is not one of'],
    ['LAST=3', '"LAST=3" is not one of'],
    ['all,last=3', '"all" is not one of'],
    [`last=3${' '.repeat(10)}x${'y'.repeat(300)}`, 'the rules take'],
  ])('refuses %j', (text, why) => {
    expect(parseKeep(text)).toEqual({ problem: expect.stringContaining(why) });
  });
});
