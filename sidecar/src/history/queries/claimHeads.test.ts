import { describe, expect, it } from 'vitest';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { ClaimHeads, headsAfter, NO_HISTORY, summaryOf } from './claimHeads.ts';
import type { Run } from './row.ts';

const LATEST = '2026-12-01T00:00:00.000Z';
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
  const heads = headsAfter(before, run, LATEST);
  expect(heads.lastBackup?.id).toBe(lastBackup);
  expect(heads.lastSuccess?.id).toBe(lastSuccess);
});

it('takes over what changed in a run', () => {
  expect(headsAfter(known, { ...failure, message: 'other' }, LATEST).lastBackup?.message).toBe(
    'other'
  );
});

it('does not take a run of a wrong clock for the newest, unless there is no other', () => {
  const future = exampleRun({ id: 'z', createdAt: '2100-01-01T00:00:00.000Z' });
  expect(headsAfter(NO_HISTORY, future, LATEST).lastSuccess?.id).toBe('z');
  expect(headsAfter(known, future, LATEST)).toEqual(known);
  expect(headsAfter(headsAfter(NO_HISTORY, future, LATEST), success, LATEST)).toMatchObject({
    lastBackup: { id: 'b' },
    lastSuccess: { id: 'b' },
  });
});

describe('ClaimHeads', () => {
  const headsOf = (...runs: Run[]) => {
    const heads = new ClaimHeads(
      () => LATEST,
      () => success
    );
    runs.forEach(run => heads.remember(run));
    return (namespaceUid?: string) => {
      const { uid, namespace, name } = success;
      const { lastBackup, lastSuccess } = heads.of(uid, namespace, name, namespaceUid);
      return [lastBackup?.id, lastSuccess?.id];
    };
  };

  it('asks the table when the last success does not count any more', () => {
    const newest = exampleRun({ id: 'd', createdAt: at(4) });
    expect(headsOf(success, newest, { ...newest, status: 'failed' })()).toEqual(['d', 'b']);
  });

  it('knows backups only', () => {
    const restore = exampleRun({ id: 'd', createdAt: at(4), kind: 'restore' });
    expect(headsOf(success, restore)()).toEqual(['b', 'b']);
  });

  it('leaves out runs of a namespace of the same name that had another UID', () => {
    const before = exampleRun({ id: 'd', createdAt: at(4), namespaceUid: 'uid-before' });
    const unknown = exampleRun({ id: 'a', createdAt: at(1), namespaceUid: null });
    const heads = headsOf(before, unknown);
    expect(heads('uid-now')).toEqual(['a', 'a']);
    expect(heads('uid-before')).toEqual(['d', 'd']);
    expect(heads()).toEqual(['d', 'd']);
  });
});
