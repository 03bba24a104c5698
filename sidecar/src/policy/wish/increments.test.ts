import { expect, it } from 'vitest';
import type { IncrementalMode } from '../../archive/chain/chooseBase.ts';
import type { IncrementWish } from './increments.ts';
import { makesIncrements } from './increments.ts';

const wish = (
  preset: 'hourly' | 'daily' | null,
  incremental: IncrementalMode | null = null
): IncrementWish => ({ incremental, schedule: preset && { preset } });

it.each<[string, IncrementWish, IncrementalMode, boolean]>([
  ['hourly volumes, by the setting', wish('hourly'), 'hourly', true],
  ['other volumes', wish('daily'), 'hourly', false],
  ['volumes without a schedule', wish(null), 'hourly', false],
  ['all volumes, by the setting', wish(null), 'always', true],
  ['none, by the setting', wish('hourly'), 'off', false],
  ['none of a volume whose annotation says so', wish('hourly', 'off'), 'always', false],
  ['all of a volume whose annotation says so', wish('daily', 'always'), 'off', true],
  ['an hourly volume whose annotation says so', wish('hourly', 'hourly'), 'off', true],
])('makes increments of %s', (_, each, usual, expected) =>
  expect(makesIncrements(each, usual)).toBe(expected)
);
