import { expect, it } from 'vitest';
import type { RunRecord } from '../history/history.ts';
import type { RestoreDetails } from '../history/queries/details.ts';
import { testClaim } from '../testing/cluster/testClaim.ts';
import { exampleRestore } from '../testing/history/exampleRestore.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import { undoRequest } from './undo.ts';

const claim = testClaim({ uid: 'uid-1' });
const safety = exampleRun({ id: 'safety', uid: 'uid-1' });
const target = { namespace: 'shop', name: 'orders-db', mode: 'overwrite' } as const;

const undo = (
  change: Partial<RunRecord> = {},
  details: Partial<RestoreDetails> = {},
  { now = claim, backup = safety }: { now?: typeof claim | null; backup?: RunRecord | null } = {}
) =>
  undoRequest(
    exampleRestore(
      { id: 'r1', name: 'orders-db', uid: 'uid-1', ...change },
      { target, scale: true, safetyBackupId: 'safety', hasBegunToWrite: true, ...details }
    ),
    {
      history: { get: id => (id === 'safety' && backup ? backup : undefined) },
      inventory: { claim: () => now ?? undefined },
    }
  );

it('mirrors the safety backup into the same claim, and can be undone itself', () => {
  expect(undo()).toEqual({
    backup: 'safety',
    target: { namespace: 'shop', name: 'orders-db', mode: 'mirror' },
    scale: true,
    safetyBackup: true,
  });
});

it('also of a restore that failed half-way', () => {
  expect(undo({ status: 'failed' }).backup).toBe('safety');
});

const copies = safety.copies.map(copy => ({ ...copy, state: 'deleted' as const }));
it.each<[string, Parameters<typeof undo>, string]>([
  ['a backup', [{ details: undefined }], 'is not a restore'],
  ['a restore under way', [{ status: 'running', endedAt: null }], 'is still running'],
  [
    'a restore into a new claim',
    [{}, { target: { ...target, mode: 'new' } }],
    'created a new claim',
  ],
  ['a restore that has not begun to write', [{}, { hasBegunToWrite: false }], 'has not written'],
  ['one without a safety backup', [{}, { safetyBackupId: null }], 'has no safety backup'],
  ['one whose safety backup is forgotten', [{}, {}, { backup: null }], 'has no safety backup'],
  ['one whose archive was deleted', [{}, {}, { backup: { ...safety, copies } }], 'is not there'],
  [
    'one whose backup failed',
    [{}, {}, { backup: { ...safety, status: 'failed' } }],
    'is not there',
  ],
  ['one whose claim is gone', [{}, {}, { now: null }], 'no longer exists'],
  [
    'one whose claim was created again',
    [{}, {}, { now: { ...claim, uid: 'uid-2' } }],
    'created again',
  ],
])('refuses %s', (_, args, message) => {
  expect(() => undo(...args)).toThrow(
    expect.objectContaining({ reason: 'NothingToUndo', message: expect.stringContaining(message) })
  );
});
