import { expect, it } from 'vitest';
import type { Volume } from '../../sidecar/api';
import { aBackup, aFailed, aRunning, aVolume, summaryOf } from '../testing/samples';
import { type Protection, protectionOf } from './protection';

const success = summaryOf(aBackup());
const failed = summaryOf(aFailed());
const cancelled = summaryOf(aBackup({ status: 'cancelled' }));

it.each<[string, Partial<Volume>, Protection]>([
  ['has never been backed up', {}, 'never'],
  ['is backed up', { lastBackup: success, lastSuccess: success }, 'backedUp'],
  [
    'has failed, though an older backup is proven',
    { lastBackup: failed, lastSuccess: success },
    'failed',
  ],
  [
    'keeps its proof when a run is cancelled',
    { lastBackup: cancelled, lastSuccess: success },
    'backedUp',
  ],
  ['has nothing when its only run was cancelled', { lastBackup: cancelled }, 'never'],
  ['waits for its run', { lastBackup: summaryOf(aRunning({ status: 'queued' })) }, 'queued'],
  ['runs', { lastBackup: summaryOf(aRunning()), lastSuccess: success }, 'running'],
  ['is not bound yet', { phase: 'Pending' }, 'unbound'],
  [
    'has lost its storage, whatever was backed up',
    { phase: 'Lost', lastBackup: success, lastSuccess: success },
    'lost',
  ],
  ['does not show its backups to this user', { backupsVisible: false }, 'hidden'],
])('a volume %s', (_, differs, expected) => {
  expect(protectionOf(aVolume(differs))).toBe(expected);
});
