import { expect, it } from 'vitest';
import { exampleRun } from '../testing/exampleRun.ts';
import { headsAfter, NO_HISTORY, summaryOf } from './claimHeads.ts';

const at = (hour: number) => `2026-11-20T0${hour}:00:00.000Z`;
const success = exampleRun({ id: 'b', createdAt: at(2) });
const failure = exampleRun({ id: 'c', createdAt: at(3), status: 'failed' });
const known = { lastBackup: summaryOf(failure), lastSuccess: summaryOf(success) };

it.each([
  ['the first run, which failed', NO_HISTORY, failure, 'c', undefined],
  ['the first success', NO_HISTORY, success, 'b', 'b'],
  ['a newer success', known, exampleRun({ id: 'd', createdAt: at(4) }), 'd', 'd'],
  ['a newer failure', known, exampleRun({ ...failure, id: 'd', createdAt: at(4) }), 'd', 'b'],
  ['an older success', known, exampleRun({ id: 'a', createdAt: at(1) }), 'c', 'b'],
  ['an older failure', known, exampleRun({ ...failure, id: 'a', createdAt: at(1) }), 'c', 'b'],
  ['a success in between', known, exampleRun({ id: 'bb', createdAt: at(2) }), 'c', 'bb'],
  [
    'the newest run, which turned out well',
    known,
    { ...failure, status: 'success' as const },
    'c',
    'c',
  ],
])('knows the heads after %s', (_, before, run, lastBackup, lastSuccess) => {
  const heads = headsAfter(before, run);
  expect(heads?.lastBackup?.id).toBe(lastBackup);
  expect(heads?.lastSuccess?.id).toBe(lastSuccess);
});

it('takes over what changed in a run', () => {
  expect(headsAfter(known, { ...failure, message: 'other' })?.lastBackup?.message).toBe('other');
});

it('asks the table when the last success is none any more', () => {
  expect(headsAfter(known, { ...success, status: 'failed' })).toBeUndefined();
});
