import { expect, it } from 'vitest';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { isFirstRestoreOpen, isHeldByRestore } from './firstRestore.ts';

const dataSource = {
  apiGroup: 'nkvm.io',
  kind: 'BackupRestore',
  name: 'orders-db',
  namespace: null,
};
const note = (name: string, value: string, uid = 'uid-1') => ({
  policyNotes: { [`nkvm.io/${name}`]: value, 'nkvm.io/filled-for': uid },
});
const pending = { phase: 'Pending' as const };

it.each([
  ['of a claim that asks for none', false, { dataSource: undefined }],
  [
    'of a claim that asks something else for its data',
    false,
    { dataSource: { ...dataSource, kind: 'VolumeSnapshot' } },
  ],
  ['of a claim that waits', true, pending],
  [
    'of a claim that waits, and has the note of the claim before',
    true,
    { ...pending, ...note('restored-from', 'a') },
  ],
  ['of a claim that waits, and starts empty soon', true, { ...pending, ...note('start', 'empty') }],
  ['of a claim that was restored', false, note('restored-from', 'a')],
  ['of a claim that was bound empty', false, note('started-empty', 'none-found')],
  [
    'of a claim that something else has bound, and whose manifest was exported from a restored one',
    true,
    note('restored-from', 'a', 'uid-0'),
  ],
  [
    'of one whose manifest has a part of the notes',
    true,
    { policyNotes: { 'nkvm.io/started-empty': 'decided' } },
  ],
  ['of a claim that something else has bound', true, {}],
  ['of such a claim, after a person has accepted it', false, note('start', 'empty')],
  ['of such a claim, where a person wants data', true, note('start', 'newest')],
])('the first restore %s is open: %s', (_, expected, change) => {
  expect(isFirstRestoreOpen(testClaim({ dataSource, ...change }))).toBe(expected);
});

it('a claim that a restore has made and not proven is held, as one whose first restore is open', () => {
  const restoreMark = { state: 'restoring' as const, runId: 'r', installation: 'i' };
  expect(isHeldByRestore(testClaim({ restoreMark }))).toBe(true);
  expect(isHeldByRestore(testClaim({ dataSource, ...pending }))).toBe(true);
  expect(isHeldByRestore(testClaim())).toBe(false);
});
