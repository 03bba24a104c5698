import { describe, expect, it } from 'vitest';
import type { Backup } from '../../api/index.ts';
import type { ClaimEvent } from '../cluster/writes/events.ts';
import { exampleCheck, exampleRestore } from '../testing/history/exampleRestore.ts';
import { exampleRun, queuedRun } from '../testing/history/exampleRun.ts';
import { claimEventOf } from './claimEvent.ts';

const run = (change: Partial<Backup> = {}) =>
  exampleRun({ id: '01a', archive: '/b/kind__shop__orders-db.tar.gz', warnings: [], ...change });
const failed = {
  status: 'failed',
  stage: 'copy',
  reason: 'StreamBroke',
  message: 'the stream broke',
  hint: 'back up again',
  archive: null,
} as const;

describe('the Event of a run', () => {
  it.each<[string, Backup, Pick<ClaimEvent, 'type' | 'reason' | 'message'>]>([
    [
      'names size and archive of a success',
      run({ bytes: 1_610_612_736 }),
      {
        type: 'Normal',
        reason: 'BackupSucceeded',
        message: 'Backed up: 1.5 GiB as kind__shop__orders-db.tar.gz (run 01a)',
      },
    ],
    [
      'warns of a success with warnings',
      run({ bytes: 200, warnings: ['./log: file changed as we read it', 'more'] }),
      {
        type: 'Warning',
        reason: 'BackupSucceeded',
        message: 'Backed up: 200 B as kind__shop__orders-db.tar.gz; 2 warnings (run 01a)',
      },
    ],
    [
      'names stage, reason and hint of a failure',
      run(failed),
      {
        type: 'Warning',
        reason: 'BackupFailed',
        message:
          'Backup failed at stage copy (StreamBroke): the stream broke. What to do: back up again (run 01a)',
      },
    ],
    [
      'says where a cancelled one stood',
      run({ status: 'cancelled', message: 'cancelled at stage copy', archive: null }),
      {
        type: 'Normal',
        reason: 'BackupCancelled',
        message: 'Backup cancelled at stage copy (run 01a)',
      },
    ],
  ])('%s', (_, ended, expected) => expect(claimEventOf(ended)).toMatchObject(expected));

  it.each([
    [
      exampleRestore({ id: '01r', bytes: 200 }),
      'Normal RestoreSucceeded',
      'Restored: 200 B from kind__shop__',
    ],
    [
      exampleRestore({ ...failed, id: '01r' }),
      'Warning RestoreFailed',
      'Restore failed at stage copy (StreamBroke)',
    ],
    [
      exampleCheck('drill', { id: '01d', bytes: 200 }),
      'Normal RestoreDrillSucceeded',
      'Restore drill: 200 B of backup 01kbackup',
    ],
    [
      exampleCheck('drill', { ...failed, id: '01d' }),
      'Warning RestoreDrillFailed',
      'Restore drill failed at stage copy',
    ],
    [
      exampleCheck('verify', { id: '01v', bytes: 200 }),
      'Normal VerificationSucceeded',
      'Verified: 200 B of backup',
    ],
    [
      exampleCheck('verify', { ...failed, id: '01v' }),
      'Warning VerificationFailed',
      'Verification failed at stage copy',
    ],
  ])('says what kind of run it was: %#', (ended, what, message) => {
    const event = claimEventOf(ended);
    expect(`${event?.type} ${event?.reason}`).toBe(what);
    expect(event?.message).toContain(message);
    expect(event?.name).toBe(`nkvm-${ended.kind}-${ended.id}`);
    expect(event?.message).not.toContain('Backed up');
  });

  it('does not name a claim of another namespace whose archive was restored', () => {
    const source = {
      ...{ namespace: 'billing', name: 'invoices', uid: 'u', namespaceUid: 'n', createdAt: null },
    };
    const archive = 'kind__billing__invoices__20261120T101112Z__01kbackup.tar.gz';
    const message = `archive sftp://nas/${archive} of billing/invoices is damaged`;
    for (const change of [{}, { ...failed, message }, { ...failed, hint: message }]) {
      const event = claimEventOf(exampleRestore(change, { source, archive }));
      expect(event?.message).not.toMatch(/billing|invoices/);
    }
    expect(claimEventOf(exampleRestore({ bytes: 5 }, { source, archive }))?.message).toContain(
      'Restored: 5 B from …'
    );
  });

  it.each([
    ['of another cluster', { cluster: 'site-b' }],
    ['that was deleted before', { namespaceUid: 'uid-of-before' }],
  ])('does not name a claim of a namespace of the same name %s', (_, change) => {
    const source = { namespace: 'shop', name: 'invoices', uid: 'u', createdAt: null };
    const archive = 'kind__shop__invoices__20261120T101112Z__01kbackup.tar.gz';
    const restored = (namespaceUid: string | null, more = {}) =>
      claimEventOf(
        exampleRestore(
          { namespace: 'shop', namespaceUid: 'uid-shop' },
          { archive, source: { ...source, namespaceUid, ...more } }
        )
      )?.message;
    expect(restored('uid-shop')).toContain('invoices');
    expect(restored('uid-shop', change)).not.toContain('invoices');
  });

  it('is not there for a claim that was never made', () =>
    expect(claimEventOf(exampleRestore({ ...failed, uid: '' }))).toBeUndefined());

  it('is about the claim that was read, by its UID, at the time of the end', () => {
    const ended = run({ uid: 'u-1', endedAt: '2026-11-21T10:00:00.000Z' });
    expect(claimEventOf(ended)).toMatchObject({
      claim: { namespace: 'shop', name: 'orders-db', uid: 'u-1' },
      at: '2026-11-21T10:00:00.000Z',
    });
  });

  it('has a name that follows from the run, so that a run has one', () => {
    expect(claimEventOf(run())?.name).toBe('nkvm-backup-01a');
  });

  it('does not say who asked for the run', () => {
    const text = JSON.stringify(claimEventOf(run({ ...failed, requestedBy: 'jane@example.org' })));
    expect(text).not.toContain('jane');
  });

  it('is no longer than the API server takes, and ends with the run', () => {
    const message = claimEventOf(run({ ...failed, message: 'x'.repeat(5000) }))?.message;
    expect(message).toHaveLength(1024);
    expect(message).toMatch(/^Backup failed at stage copy \(StreamBroke\): x+… \(run 01a\)$/);
  });

  it('is not there before the end', () => {
    expect(claimEventOf(queuedRun())).toBeUndefined();
    expect(claimEventOf(run({ status: 'running' }))).toBeUndefined();
  });
});
