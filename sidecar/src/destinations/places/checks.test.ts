import { expect, it } from 'vitest';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import { memoryResults } from '../../testing/destinations/memoryResults.ts';
import type { Place } from '../places.ts';
import { checksOf } from './checks.ts';
import type { CheckedPlace } from './openPlace.ts';

function checks(
  more: Partial<CheckedPlace> = {},
  { limit = 1, location = 'memory:a', results = memoryResults() } = {}
) {
  const told: string[] = [];
  const checked: CheckedPlace = {
    name: 'east',
    invalid: undefined,
    probes: [],
    open: () => memoryDestination(),
    archiveForm: 'tar.gz',
    owner: 'us',
    secrets: [],
    works: () => void told.push('works'),
    close: async () => void told.push('closed'),
    ...more,
  };
  const places = {
    get: (name: string) => (name === 'east' ? ({ location } as Place) : undefined),
    checked: (name: string) => (name === 'east' ? checked : undefined),
    checkedSettings: () => checked,
  };
  return { told, ...checksOf({ places, results, now: () => new Date(0), limit }) };
}
const signal = new AbortController().signal;

it('end a pause when they pass, and close what they have opened', async () => {
  const { told, check } = checks();
  expect(await check('east', signal)).toMatchObject({ passed: true });
  expect(told).toEqual(['closed', 'works'].sort().reverse());
});

it('change nothing when they fail', async () => {
  const open = () => ({
    ...memoryDestination(),
    freeBytes: async () => Promise.reject(new Error('no')),
  });
  const { told, check } = checks({ open });
  expect(await check('east', signal)).toMatchObject({ passed: false });
  expect(told).toEqual(['closed']);
});

it('find nothing of a name that is not there', async () => {
  const { check, checkAppendOnly } = checks();
  expect(await check('west', signal)).toBeUndefined();
  expect(await checkAppendOnly('west', signal)).toBeUndefined();
});

it('are limited', async () => {
  const gate = Promise.withResolvers<string>();
  const probes = [{ step: 'connect' as const, run: () => gate.promise }];
  const { check } = checks({ probes });
  const first = check('east', signal);
  await expect(check('east', signal)).rejects.toMatchObject({
    reason: 'TooManyChecks',
    class: 'transient',
  });
  gate.resolve('');
  expect(await first).toMatchObject({ passed: true });
  expect(await check('east', signal)).toMatchObject({ passed: true });
});

it('keep what the last check of protection found, for the location that it was about', async () => {
  const results = memoryResults();
  const { checkAppendOnly, appendOnlyOf } = checks({}, { results });
  expect(appendOnlyOf('east')).toBeNull();
  const found = await checkAppendOnly('east', signal);
  expect(appendOnlyOf('east')).toEqual(found);
  const restarted = checks({}, { results });
  expect(restarted.appendOnlyOf('east')).toEqual(found);
  const moved = checks({}, { results, location: 'memory:b' });
  expect(moved.appendOnlyOf('east')).toBeNull();
});
