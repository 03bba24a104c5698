import { expect, it } from 'vitest';
import type { Volume, VolumePolicy } from '../../sidecar/api';
import { anUnprotected, aPolicy, aPopulate } from '../testing/policySamples';
import { aBackup, aFailed, aRunning, aVolume, summaryOf } from '../testing/samples';
import { type Protection, protectionOf } from './protection';

const success = summaryOf(aBackup());
const failed = summaryOf(aFailed());
const cancelled = summaryOf(aBackup({ status: 'cancelled' }));

/** An hour after the success of the sample. */
const NOW = Date.parse('2026-11-20T11:00:00.000Z');
const HOUR_MS = 3_600_000;

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
  expect(protectionOf(aVolume(differs), NOW)).toBe(expected);
});

it.each([
  ['without a label after a day and two hours', {}, 26],
  ['that is to be backed up hourly after two hours', { backup: 'hourly' }, 2],
  ['that is to be backed up daily after a day and two hours', { backup: 'daily' }, 26],
  ['that is to be backed up weekly after eight days', { backup: 'weekly' }, 8 * 24],
  ['that is to be backed up monthly after 32 days', { backup: 'monthly' }, 32 * 24],
  ['with a label that says nothing after a day and two hours', { backup: 'sometimes' }, 26],
])('the backup of a volume %s is old', (_, labels, hours) => {
  const volume = aVolume({ labels, lastBackup: success, lastSuccess: success });
  const endMs = Date.parse(success.endedAt!);
  expect(protectionOf(volume, endMs + hours * HOUR_MS)).toBe('backedUp');
  expect(protectionOf(volume, endMs + hours * HOUR_MS + 1)).toBe('old');
});

const backedUp = { lastBackup: success, lastSuccess: success };
const overdue = aPolicy({ state: 'overdue' });

it.each<[string, Partial<Volume>, VolumePolicy, Protection]>([
  ['that has a schedule and is backed up', backedUp, aPolicy(), 'protected'],
  ['that nothing asks to back up', backedUp, anUnprotected(), 'backedUp'],
  ['that nothing asks to back up, and nobody did', {}, anUnprotected(), 'never'],
  ['whose first run is still to come', {}, aPolicy({ state: 'waiting' }), 'waiting'],
  ['whose run is overdue, though an older one is good', backedUp, overdue, 'overdue'],
  ['whose last run failed and that is overdue', { lastBackup: failed }, overdue, 'overdue'],
  ['whose last run failed, before it is overdue', { lastBackup: failed }, aPolicy(), 'failed'],
  ['that runs while it is overdue', { lastBackup: summaryOf(aRunning()) }, overdue, 'running'],
  ['that lost its storage', { phase: 'Lost' }, aPolicy(), 'lost'],
  ['that is suspended', backedUp, aPolicy({ state: 'suspended' }), 'suspended'],
  [
    'that is suspended and whose last run failed',
    { lastBackup: failed },
    aPolicy({ state: 'suspended' }),
    'failed',
  ],
  ['with a label that is not valid', backedUp, aPolicy({ state: 'invalid' }), 'invalid'],
  ['whose restore has no verdict', backedUp, aPolicy({ state: 'held' }), 'held'],
  ['of which nothing is known', backedUp, aPolicy({ state: 'unknown' }), 'unknown'],
  ['that is not bound yet', { phase: 'Pending' }, aPolicy({ state: 'waiting' }), 'unbound'],
  ['that this person may not see', { backupsVisible: false }, overdue, 'hidden'],
  [
    'that a person decides about',
    { phase: 'Pending' },
    aPolicy({ state: 'held', populate: aPopulate() }),
    'needsDecision',
  ],
  [
    'that waits for its restore',
    { phase: 'Pending' },
    aPolicy({ state: 'held', populate: aPopulate({ state: 'waiting' }) }),
    'restoreWaits',
  ],
  [
    'that is restored now',
    { phase: 'Pending' },
    aPolicy({ state: 'held', populate: aPopulate({ state: 'restoring' }) }),
    'restoring',
  ],
])('with its schedule, a volume %s', (_, differs, policy, expected) => {
  expect(protectionOf(aVolume(differs), NOW, policy)).toBe(expected);
});
