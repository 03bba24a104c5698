import { expect, it } from 'vitest';
import { memoryDestination } from '../../testing/memoryDestination.ts';
import { checksOf } from './checks.ts';
import type { CheckedPlace } from './openPlace.ts';

function checks(more: Partial<CheckedPlace> = {}, limit = 1) {
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
    checked: (name: string) => (name === 'east' ? checked : undefined),
    checkedSettings: () => checked,
  };
  return { told, ...checksOf({ places, now: () => new Date(0), limit }) };
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
