import { describe, expect, it } from 'vitest';
import type { BackupSummary, PolicyReason, PopulateStatus } from '../../../api/index.ts';
import { everyMs } from '../../testing/policy/testSlots.ts';
import type { ProtectionFacts } from './protection.ts';
import { protectionOf } from './protection.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-20T12:00:00.000Z');
const ago = (hours: number) => new Date(NOW - hours * HOUR).toISOString();

const backup = (hours: number, change: Partial<BackupSummary> = {}): BackupSummary => ({
  id: `b${hours}`,
  status: 'success',
  stage: 'cleanup',
  createdAt: ago(hours),
  endedAt: ago(hours - 0.1),
  bytes: 1,
  message: 'proven',
  presentAt: ['local'],
  hasWarnings: false,
  ...change,
});
const failed = (hours: number) =>
  backup(hours, { status: 'failed', message: 'the destination is full', presentAt: [] });
const good = (hours: number) => ({ lastSuccess: backup(hours), lastBackup: backup(hours) });

const populate: PopulateStatus = {
  state: 'waiting',
  reason: 'DestinationUnreachable',
  message: 'destination offsite does not answer',
  hint: 'it is asked again',
  backup: null,
  restore: null,
  since: ago(1),
  retryAt: null,
};
const invalid: PolicyReason = {
  reason: 'InvalidValue',
  message: 'the label backup has the value hurly',
  hint: 'use hourly',
};
const obstacle = { reason: 'BlockVolume', message: 'it is a raw block device', hint: 'use dd' };

/** Hourly, with a slot 10 minutes ago, good since the beginning. */
const FACTS: ProtectionFacts = {
  slots: everyMs(HOUR, NOW - HOUR / 6),
  isOff: false,
  suspended: false,
  problems: [],
  isInvalid: false,
  restoreMark: undefined,
  isFirstRestoreOpen: false,
  restoresAutomatically: true,
  populate: null,
  obstacle: null,
  lastBackup: null,
  lastSuccess: null,
  checkFailedAt: null,
  countsFrom: NOW - 24 * 30 * HOUR,
  now: NOW,
};
const reasonOf = (reason: string) => ({ reason, message: 'm', hint: 'h' });
const NEW = { countsFrom: NOW - HOUR / 2 };

it.each<[string, Partial<ProtectionFacts>, string, string[]]>([
  ['has a good backup of the newest slot', good(0.1), 'protected', []],
  ['has a good backup of the slot before: the newest has its grace', good(1.1), 'protected', []],
  [
    'has a good backup of two slots before: its grace is over',
    good(2),
    'overdue',
    ['BackupOverdue'],
  ],
  ['has no good backup of a slot whose grace is over', good(2.2), 'overdue', ['BackupOverdue']],
  [
    'is being deleted',
    {
      ...good(2.2),
      deleting: reasonOf('ClaimTerminating'),
      obstacle: reasonOf('ClaimTerminating'),
    },
    'protected',
    ['ClaimTerminating'],
  ],
  [
    'has failed since its good backup, which is young enough',
    { ...good(1), lastBackup: failed(0.1) },
    'protected',
    ['LastBackupFailed'],
  ],
  [
    'has failed for hours',
    { ...good(9), lastBackup: failed(0.1) },
    'overdue',
    ['BackupOverdue', 'LastBackupFailed'],
  ],
  ['is new, and has no backup', NEW, 'waiting', ['NoBackupYet']],
  [
    'is new, and its first backup has failed',
    { ...NEW, lastBackup: failed(0.1) },
    'waiting',
    ['NoBackupYet', 'LastBackupFailed'],
  ],
  ['has never had a backup, and should have', {}, 'overdue', ['BackupOverdue']],
  [
    'has lost its newest archive',
    { ...NEW, ...good(0.1), lastSuccess: backup(0.1, { presentAt: [] }) },
    'waiting',
    ['NewestBackupGone'],
  ],
  [
    'has lost its newest archive long ago',
    { lastSuccess: backup(0.1, { presentAt: [] }) },
    'overdue',
    ['BackupOverdue', 'NewestBackupGone'],
  ],
  [
    'has a backup that a wrong clock has dated years ahead',
    { lastSuccess: backup(-24 * 400) },
    'overdue',
    ['BackupOverdue'],
  ],
  [
    'has a check that failed after its newest good backup',
    { ...good(1), checkFailedAt: ago(0.5) },
    'unknown',
    ['NewestCheckFailed'],
  ],
  [
    'has a good backup since a check that failed',
    { ...good(1), checkFailedAt: ago(2) },
    'protected',
    [],
  ],
  ['has no schedule', { slots: null, ...good(1) }, 'unprotected', ['NoSchedule']],
  ['is switched off', { slots: null, isOff: true, ...good(1) }, 'unprotected', ['BackupsOff']],
  [
    'is switched off and has a value that is not valid',
    { slots: null, isOff: true, problems: [invalid] },
    'unprotected',
    ['BackupsOff', 'InvalidValue'],
  ],
  ['is suspended', { suspended: true, ...good(900) }, 'suspended', ['ScheduleSuspended']],
  [
    'has a schedule that is not valid',
    { slots: null, isInvalid: true, problems: [invalid], ...good(1) },
    'invalid',
    ['InvalidValue'],
  ],
  [
    'has another value that is not valid, and a schedule',
    { problems: [invalid], ...good(1) },
    'protected',
    ['InvalidValue'],
  ],
  ['waits for its restore', { populate }, 'held', ['DestinationUnreachable']],
  [
    'waits for its restore, without a schedule',
    { populate, slots: null, problems: [invalid] },
    'held',
    ['DestinationUnreachable', 'InvalidValue'],
  ],
  [
    'is being restored',
    { restoreMark: { state: 'restoring', runId: 'r1', installation: 'i' }, obstacle },
    'held',
    ['FirstRestoreUnproven'],
  ],
  [
    'asks for its volume, and has no result',
    { isFirstRestoreOpen: true },
    'held',
    ['FirstRestoreOpen'],
  ],
  [
    'asks for its volume in a cluster whose claims are not restored automatically',
    { isFirstRestoreOpen: true, restoresAutomatically: false },
    'held',
    ['NotRestoredInOtherClusters'],
  ],
  [
    'was left by a restore that failed',
    { restoreMark: { state: 'incomplete', runId: 'r1', installation: 'i' } },
    'held',
    ['FirstRestoreUnproven'],
  ],
  [
    'cannot be backed up, and is new',
    { ...NEW, obstacle },
    'waiting',
    ['NoBackupYet', 'BlockVolume'],
  ],
  ['cannot be backed up', { obstacle }, 'overdue', ['BackupOverdue', 'BlockVolume']],
  [
    'has a schedule without a further slot, and no backup',
    { slots: { nextAfter: () => null } },
    'waiting',
    ['NoBackupYet'],
  ],
])('a claim that %s', (_, change, state, reasons) => {
  const protection = protectionOf({ ...FACTS, ...change });
  expect([protection.state, protection.reasons.map(({ reason }) => reason)]).toEqual([
    state,
    reasons,
  ]);
  expect(protection.overdue !== null).toBe(state === 'overdue');
});

describe('the reason of an overdue volume', () => {
  it('has the slot, its age, when the backup was due, and the newest one', () => {
    const { reasons, overdue } = protectionOf({ ...FACTS, ...good(9) });
    expect(reasons[0]?.message).toBe(
      'the run of 2026-11-20T03:50:00Z, 8 hours ago, has no good backup, which was due at 2026-11-20T04:50:00Z; the newest good backup is of 2026-11-20T03:00:00.000Z'
    );
    expect(overdue?.since).toBe(Date.parse('2026-11-20T04:50:00Z'));
  });
});
