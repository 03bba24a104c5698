import { pino } from 'pino';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunKind } from '../../api/index.ts';
import type { History, RunRecord } from '../history/history.ts';
import { runIds } from '../history/runId.ts';
import { exampleCheck, exampleRestoreDetails } from '../testing/history/exampleRestore.ts';
import { withDisk } from '../testing/history/testDisk.ts';
import type { JobEnd, JobKind, Target } from './job.ts';
import type { Queue } from './queue/queue.ts';
import { startQueue } from './queue/queue.ts';

const claim = (name: string, uid = `uid-${name}`): Target => ({ namespace: 'shop', name, uid });
const success: JobEnd = { status: 'success', endedAt: '2026-11-21T10:00:00.000Z' };
let history: History;
let queue: Queue;
let underWay: { run: RunRecord; end(end?: JobEnd): void }[];

const job = (access: JobKind['access']): JobKind => ({
  access,
  nodeOf: () => null,
  work: (run, _report, signal) =>
    new Promise(resolve => {
      underWay.push({ run, end: (end = success) => resolve(end) });
      signal.addEventListener('abort', () => resolve({ ...success, status: 'cancelled' }));
    }),
});

beforeEach(async () => {
  underWay = [];
  history = (await withDisk()).history;
  queue = startQueue({
    history,
    kinds: {
      backup: job('read'),
      restore: job('write'),
      verify: job('none'),
      drill: job('none'),
    },
    limits: { total: 5, perNode: 5 },
    retry: { maxAttempts: 3, delayMs: () => 600_000 },
    newId: runIds(),
    now: () => new Date(),
    log: pino({ level: 'silent' }),
    onEnd: () => undefined,
  });
  queue.resume();
});

const ask = async (kind: RunKind, target: Target, more: object = {}): Promise<RunRecord> => {
  const details =
    kind === 'restore'
      ? exampleRestoreDetails()
      : kind === 'verify' || kind === 'drill'
      ? exampleCheck(kind).details
      : null;
  const priority = kind === 'restore' ? 'restore' : 'on-demand';
  const asked = { requestedBy: 'somebody', kind, priority, details, ...more } as const;
  const [run] = await queue.add([target], asked);
  if (!run) throw new Error('no run');
  return run;
};
const begun = (count: number) => vi.waitUntil(() => underWay.length === count);
const names = () => underWay.map(({ run }) => `${run.kind} ${run.name}`);

describe('a restore into a claim that does not exist yet', () => {
  it('is queued with all that was asked, and its claim gets its UID later', async () => {
    const run = await ask('restore', claim('new', ''));
    expect(run).toMatchObject({ uid: '', details: exampleRestoreDetails() });
    await begun(1);
    expect(underWay[0]?.run.details).toEqual(exampleRestoreDetails());
    await history.commit(run.id, { uid: 'uid-new' });
    expect(history.get(run.id)?.uid).toBe('uid-new');
  });

  it('keeps a backup of the new claim waiting', async () => {
    const restore = await ask('restore', claim('new', ''));
    await begun(1);
    await history.commit(restore.id, { uid: 'uid-new' });
    await ask('backup', claim('new', 'uid-new'));
    await ask('backup', claim('old'));
    await begun(2);
    expect(names()).toEqual(['restore new', 'backup old']);
    underWay[0]?.end();
    await begun(3);
    expect(names()[2]).toBe('backup new');
  });

  it('does not run at once with another one of that name, and one of another name does', async () => {
    await ask('restore', claim('new', ''));
    await ask('restore', claim('other', ''));
    await begun(2);
    await expect(ask('restore', claim('new', ''))).rejects.toMatchObject({
      reason: 'RestoreUnderWay',
      message: expect.stringContaining('shop/new'),
    });
  });
});

describe('a second restore into one claim', () => {
  it('is refused while the first waits or runs, and taken when that has ended', async () => {
    const release = queue.hold('a test');
    const first = await ask('restore', claim('a'));
    await expect(ask('restore', claim('a'))).rejects.toMatchObject({ reason: 'RestoreUnderWay' });
    release();
    await begun(1);
    await expect(ask('restore', claim('a'))).rejects.toThrow(first.id);
    underWay[0]?.end();
    await vi.waitUntil(() => history.get(first.id)?.status === 'success');
    await ask('restore', claim('a'));
    await begun(2);
  });
});

describe('a restore', () => {
  it('goes before backups that were asked for earlier', async () => {
    const release = queue.hold('a test');
    await ask('backup', claim('a'));
    await ask('restore', claim('b'));
    expect(queue.positionOf((await ask('restore', claim('c'))).id)?.amongAll).toBe(2);
    release();
    await begun(3);
    expect(names()).toEqual(['restore b', 'restore c', 'backup a']);
  });

  it('that has written a part and is tried again lets no backup read that part', async () => {
    const restore = await ask('restore', claim('a'));
    await begun(1);
    await history.commit(restore.id, { details: exampleRestoreDetails({ hasBegunToWrite: true }) });
    underWay[0]?.end({ status: 'failed', failureClass: 'transient', message: 'the stream broke' });
    await vi.waitUntil(() => history.get(restore.id)?.status === 'queued');
    const backup = await ask('backup', claim('a'));
    await ask('backup', claim('b'));
    await begun(2);
    expect(history.get(backup.id)?.status).toBe('queued');
  });

  it('that has written nothing and is tried again lets a backup go first', async () => {
    const details = exampleRestoreDetails({ hasBegunToWrite: false });
    const restore = await ask('restore', claim('a'), { details });
    await begun(1);
    underWay[0]?.end({ status: 'failed', failureClass: 'transient', message: 'no answer' });
    await vi.waitUntil(() => history.get(restore.id)?.status === 'queued');
    await ask('backup', claim('a'));
    await begun(2);
  });

  it('can be cancelled', async () => {
    const restore = await ask('restore', claim('a'));
    await begun(1);
    expect(await queue.cancel(restore.id)).toMatchObject({ status: 'cancelled' });
    await expect(queue.cancel(restore.id)).rejects.toThrow(`restore ${restore.id} has already`);
  });
});

describe('checks', () => {
  it('of one backup are one check while it has not ended, and do not wait for backups or restores', async () => {
    await ask('backup', claim('a'));
    await ask('restore', claim('b'));
    const verify = await ask('verify', claim('a'));
    await ask('drill', claim('b'));
    await begun(4);
    expect((await ask('verify', claim('a'))).id).toBe(verify.id);
    const other = exampleCheck('verify', {}, { backup: 'another' }).details;
    expect((await ask('verify', claim('a'), { details: other })).id).not.toBe(verify.id);
  });

  it('by another command are other checks', async () => {
    const drill = await ask('drill', claim('a'));
    const request = { image: 'postgres:17', command: ['pg_controldata'] };
    const asked = exampleCheck('drill', {}, { request }).details;
    expect((await ask('drill', claim('a'), { details: asked })).id).not.toBe(drill.id);
    expect((await ask('drill', claim('a'))).id).toBe(drill.id);
  });
});
