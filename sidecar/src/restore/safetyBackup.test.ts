import { pino } from 'pino';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { History, RunRecord } from '../history/history.ts';
import { runIds } from '../history/runId.ts';
import type { JobEnd, JobKind } from '../jobs/job.ts';
import type { Queue } from '../jobs/queue/queue.ts';
import { startQueue } from '../jobs/queue/queue.ts';
import { exampleRestoreDetails } from '../testing/history/exampleRestore.ts';
import { withDisk } from '../testing/history/testDisk.ts';
import type { TakeSafetyBackup } from './safetyBackup.ts';
import { safetyBackups } from './safetyBackup.ts';

const target = { namespace: 'shop', name: 'orders-db', uid: 'uid-1' };
const success: JobEnd = {
  status: 'success',
  message: 'backed up',
  endedAt: '2026-11-26T10:00:00.000Z',
};

let history: History;
let queue: Queue;
let take: TakeSafetyBackup;
/** Backups under way. */
let backups: { run: RunRecord; end(end?: JobEnd): void }[];
let ended: string[];
/** What the restore does. */
let work: JobKind['work'];

beforeEach(async () => {
  backups = [];
  ended = [];
  history = (await withDisk()).history;
  queue = startQueue({
    history,
    kinds: {
      backup: {
        access: 'read',
        nodeOf: () => null,
        work: (run, _report, signal) =>
          new Promise(resolve => {
            backups.push({ run, end: (end = success) => resolve(end) });
            signal.addEventListener('abort', () =>
              resolve({ ...success, status: 'cancelled', message: 'cancelled at stage copy' })
            );
          }),
      },
      restore: {
        access: 'write',
        nodeOf: () => null,
        work: (...args) => work(...args),
      },
    },
    limits: { total: 1, perNode: 1 },
    retry: { maxAttempts: 3, delayMs: () => 600_000 },
    newId: runIds(),
    now: () => new Date(),
    log: pino({ level: 'silent' }),
    onEnd: ({ kind, status }) => ended.push(`${kind} ${status}`),
  });
  queue.resume();
  take = safetyBackups({ history, carryOut: queue.carryOut });
});

/** Starts a restore that takes a safety backup, and ends with what became of that. */
async function restoring(details: Parameters<typeof exampleRestoreDetails>[0] = {}) {
  let outcome: Promise<string> | undefined;
  work = async (run, report, signal) => {
    const onAdded = async (safetyBackupId: string) => {
      const now = history.get(run.id)?.details;
      if (now?.kind === 'restore') report({ details: { ...now, safetyBackupId } });
    };
    outcome = take(target, run, { signal, onAdded });
    outcome.catch(() => undefined);
    const status = await outcome.then(
      () => 'success' as const,
      () => (signal.aborted ? ('cancelled' as const) : ('failed' as const))
    );
    return { ...success, status, failureClass: 'needs-action', message: '' };
  };
  const [run] = await queue.add([target], {
    requestedBy: 'somebody',
    kind: 'restore',
    priority: 'restore',
    details: exampleRestoreDetails({ hasBegunToWrite: false, ...details }),
  });
  await vi.waitUntil(() => outcome !== undefined);
  return { id: run?.id ?? '', outcome: () => outcome };
}
const begun = () => vi.waitUntil(() => backups[0]);
const over = (id: string) => vi.waitUntil(() => history.get(id)?.endedAt);

describe('a safety backup', () => {
  it('runs while its restore holds the claim and the only place of the queue', async () => {
    const restore = await restoring();
    const { run, end } = await begun();
    expect(run).toMatchObject({
      ...{ ...target, kind: 'backup', priority: 'restore', requestedBy: 'somebody' },
      acceptEmpty: true,
    });
    expect(queue.running().sort()).toEqual([restore.id, run.id].sort());
    expect(history.get(restore.id)?.details).toMatchObject({ safetyBackupId: run.id });
    end();
    expect(await restore.outcome()).toBe(run.id);
    await over(restore.id);
    expect(history.get(run.id)).toMatchObject({
      status: 'success',
      message: `safety backup before restore ${restore.id}`,
    });
    expect(ended).toEqual(['backup success', 'restore success']);
    expect(queue.running()).toEqual([]);
  });

  it('that failed keeps the restore from writing, and is not tried again by itself', async () => {
    const restore = await restoring();
    const { run, end } = await begun();
    end({
      ...success,
      status: 'failed',
      message: 'the disk is full',
      hint: 'free some space',
      failureClass: 'transient',
    });
    await expect(restore.outcome()).rejects.toMatchObject({
      reason: 'SafetyBackupFailed',
      class: 'transient',
      message: expect.stringContaining('the disk is full'),
      hint: expect.stringContaining('free some space'),
    });
    expect(history.get(run.id)).toMatchObject({ status: 'failed', attempt: 1 });
  });

  it('ends with its restore when that is cancelled', async () => {
    const restore = await restoring();
    const { run } = await begun();
    await queue.cancel(restore.id);
    expect(history.get(run.id)?.status).toBe('cancelled');
    expect(history.get(restore.id)?.status).toBe('cancelled');
  });

  it('can be cancelled by itself, and then the restore does not write', async () => {
    const restore = await restoring();
    const { run } = await begun();
    await queue.cancel(run.id);
    await expect(restore.outcome()).rejects.toMatchObject({ reason: 'SafetyBackupFailed' });
    await over(restore.id);
  });

  it('is taken again where nothing was written since: workloads ran between the attempts', async () => {
    const first = await restoring();
    (await begun()).end();
    const id = await first.outcome();
    await over(first.id);
    const second = await restoring({ safetyBackupId: id });
    await vi.waitUntil(() => backups[1]);
    backups[1]?.end();
    expect(await second.outcome()).toBe(backups[1]?.run.id);
    expect(backups[1]?.run.id).not.toBe(id);
  });

  it('of the attempt before is kept: the volume may hold a part of the archive since', async () => {
    const first = await restoring();
    (await begun()).end();
    const id = await first.outcome();
    await over(first.id);
    const second = await restoring({ safetyBackupId: id, hasBegunToWrite: true });
    expect(await second.outcome()).toBe(id);
    expect(backups).toHaveLength(1);
  });

  it('that is gone is never replaced by one of what was written since', async () => {
    const restore = await restoring({ safetyBackupId: 'gone', hasBegunToWrite: true });
    await expect(restore.outcome()).rejects.toMatchObject({ reason: 'SafetyBackupFailed' });
    expect(backups).toEqual([]);
  });

  it('is not made when its id could not be recorded', async () => {
    const signal = new AbortController().signal;
    const { id } = await restoring();
    (await begun()).end();
    await over(id);
    const before = history.count();
    const run = history.get(id) as RunRecord;
    const fresh = { ...run, id: 'x', details: exampleRestoreDetails({ hasBegunToWrite: false }) };
    const onAdded = async () => Promise.reject(new Error('the disk is full'));
    await expect(take(target, fresh, { signal, onAdded })).rejects.toThrow('the disk is full');
    expect(history.count()).toBe(before);
  });
});
