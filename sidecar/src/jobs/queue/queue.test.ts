import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Backup, RunKind } from '../../../api/index.ts';
import type { History, RunChange } from '../../history/history.ts';
import { openHistory } from '../../history/openHistory.ts';
import { runIds } from '../../history/runId.ts';
import type { Availability } from '../attempts/outages.ts';
import type { JobEnd, JobKind, Target } from '../job.ts';
import { CANCELLED } from '../job.ts';
import type { Queue, QueueOptions } from './queue.ts';
import { startQueue } from './queue.ts';

const claim = (name: string, uid = `uid-${name}`): Target => ({ namespace: 'shop', name, uid });
const of = (namespace: string, name: string): Target => ({ ...claim(name), namespace });

const log = pino({ level: 'silent' });
let dir: string;
let history: History;
let queue: Queue;
/** Runs under way, in the order in which they began. */
let underWay: { run: Backup; report(change: RunChange): void; end(change?: JobEnd): void }[];
/** Lets a run that was aborted end. */
let cleanedUp: Promise<void>;

const success: RunChange = { status: 'success', endedAt: '2026-11-21T10:00:00.000Z' };
const broken: RunChange = {
  status: 'failed',
  reason: 'StreamBroke',
  failureClass: 'transient',
  message: 'it broke',
};

const retry = { maxAttempts: 2, delayMs: () => 20 };
const somebody = { requestedBy: 'somebody' };

const job = (change: Partial<JobKind> = {}): JobKind => ({
  access: 'read',
  nodeOf: () => null,
  work: (run, report, signal) =>
    new Promise(resolve => {
      underWay.push({ run, report, end: (change = success) => resolve(change) });
      const status = () => (signal.reason === CANCELLED ? 'cancelled' : 'failed');
      const breakOff = () => cleanedUp.then(() => resolve({ ...success, status: status() }));
      if (signal.aborted) breakOff();
      else signal.addEventListener('abort', breakOff);
    }),
  ...change,
});

const newQueue = (change: Partial<QueueOptions> = {}): Queue => {
  const made = startQueue({
    history,
    kinds: { backup: job(), verify: job(), restore: job({ access: 'write' }) },
    limits: { total: 2, perNode: 2 },
    retry,
    newId: runIds(undefined, history.newestId()),
    now: () => new Date(),
    log,
    onEnd: () => undefined,
    ...change,
  });
  made.resume();
  return made;
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-queue-'));
  history = await openHistory(join(dir, 'nkvm.db'));
  underWay = [];
  cleanedUp = Promise.resolve();
  queue = newQueue();
});
afterEach(async () => {
  await queue.stop();
  await history.close();
  rmSync(dir, { recursive: true, force: true });
});

const begun = (count: number) => vi.waitUntil(() => underWay.length === count);
const names = () => underWay.map(({ run }) => run.name);
const idOf = (runs: readonly Backup[], at = 0): string => runs[at]?.id ?? '';
const statusOf = (id: string) => history.get(id)?.status;

describe('the queue', () => {
  it('starts as many as it may, in the order of the requests', async () => {
    await queue.add([claim('a'), claim('b'), claim('c')], somebody);
    await begun(2);
    expect(queue.depth()).toEqual({ queued: 1, running: 2 });
    underWay[0]?.end();
    await begun(3);
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  it('passes over a run whose node is full', async () => {
    const nodeOf = ({ name }: Backup) => (name === 'c' ? 'other' : 'same');
    queue = newQueue({ kinds: { backup: job({ nodeOf }) }, limits: { total: 2, perNode: 1 } });
    await queue.add([claim('a'), claim('b'), claim('c')], somebody);
    await begun(2);
    expect(names()).toEqual(['a', 'c']);
    underWay[1]?.end();
    await vi.waitUntil(() => queue.depth().running === 1);
    underWay[0]?.end();
    await begun(3);
  });

  it('lets a run wait whose volume a pod needs, uses up no attempt, and starts the next one meanwhile', async () => {
    await queue.stop();
    const onDeferred = vi.fn();
    queue = newQueue({
      onDeferred,
      limits: { total: 1, perNode: 1 },
      retry: { ...retry, maxAttempts: 1 },
    });
    const [run] = await queue.add([claim('a'), claim('b')], somebody);
    await begun(1);
    const end = { ...broken, reason: 'VolumeWanted', message: 'it is needed' };
    underWay[0]?.end({ ...end, deferred: { pod: 'orders-0' } });
    await begun(2);
    expect(names()).toEqual(['a', 'b']);
    const waits = history.get(run?.id ?? '');
    expect(waits).toMatchObject({
      ...{ status: 'queued', attempt: 1, reason: 'VolumeWanted', message: 'waits: it is needed' },
      retryAt: expect.any(String),
    });
    expect(waits).not.toHaveProperty('deferred');
    expect(onDeferred.mock.calls).toEqual([[expect.objectContaining({ id: run?.id }), 'orders-0']]);
    queue.hurry(); // a destination works again: that is of no matter to it
    expect(queue.depth()).toEqual({ queued: 1, running: 1 });
  });

  it('does not repeat a run that its archive has shown to be a success before the queue resumed', async () => {
    await queue.stop();
    const [run] = await queue.add([claim('media')], somebody);
    queue = startQueue({
      history,
      kinds: { backup: job() },
      limits: { total: 2, perNode: 2 },
      retry,
      newId: runIds(undefined, history.newestId()),
      now: () => new Date(),
      log,
      onEnd: () => undefined,
    });
    await history.commit(run?.id ?? '', success);
    queue.resume();
    expect(underWay).toEqual([]);
    expect(queue.depth()).toEqual({ queued: 0, running: 0 });
    expect(history.get(run?.id ?? '')?.status).toBe('success');
  });

  it('starts a run once, when it was asked for before the queue resumed', async () => {
    queue = newQueue({ limits: { total: 3, perNode: 3 } });
    await queue.add([claim('a')], somebody);
    queue.resume();
    await queue.add([claim('b')], somebody);
    await begun(2);
    expect(names()).toEqual(['a', 'b']);
  });

  it('continues after a run that broke in an unexpected way', async () => {
    queue = newQueue({
      limits: { total: 1, perNode: 1 },
      kinds: {
        backup: job({
          work: run =>
            run.name === 'a' ? Promise.reject(new Error('a fault')) : Promise.resolve(success),
        }),
      },
    });
    const runs = await queue.add([claim('a'), claim('b')], somebody);
    await vi.waitUntil(() => statusOf(idOf(runs, 1)) === 'success');
  });

  it('fails a run of a kind that it does not know', async () => {
    const [run] = await queue.add([claim('a')], { ...somebody, kind: 'drill' });
    await vi.waitUntil(() => statusOf(run?.id ?? '') === 'failed');
    expect(history.get(run?.id ?? '')).toMatchObject({ reason: 'KindNotSupported', attempt: 1 });
  });

  it('records where a claim is', async () => {
    queue = newQueue({
      placeOf: namespace => ({ namespaceUid: `uid of ${namespace}`, clusterUid: 'c' }),
    });
    const [run] = await queue.add([claim('a')], somebody);
    expect(run).toMatchObject({ namespaceUid: 'uid of shop', clusterUid: 'c' });
  });

  it('calls back for every run that has ended, also for one that never began', async () => {
    const ended: string[] = [];
    queue = newQueue({
      limits: { total: 1, perNode: 1 },
      onEnd: ({ name, status }) => ended.push(`${name}: ${status}`),
    });
    const runs = await queue.add([claim('a'), claim('b')], somebody);
    await begun(1);
    await queue.cancel(idOf(runs, 1));
    underWay[0]?.end();
    await vi.waitUntil(() => ended.length === 2);
    expect(ended).toEqual(['b: cancelled', 'a: success']);
  });

  it('lets a namespace that asks for one wait for one run, not for all of another', async () => {
    queue = newQueue({ limits: { total: 1, perNode: 1 } });
    const many = Array.from({ length: 20 }, (_, index) => of('big', `m${index}`));
    await queue.add(many, somebody);
    const [run] = await queue.add([of('small', 'only')], somebody);
    expect(queue.positionOf(run?.id ?? '')?.amongAll).toBe(1);
    await begun(1);
    underWay[0]?.end();
    await begun(2);
    expect(names()).toEqual(['m0', 'only']);
    expect(queue.positionOf(run?.id ?? '')).toBeUndefined();
  });

  it('tells a listener of every change, until it is removed', async () => {
    const seen: string[] = [];
    const [run] = await queue.add([claim('a')], somebody);
    const unwatch = queue.watch(run?.id ?? '', ({ status }) => seen.push(status));
    await begun(1);
    underWay[0]?.end();
    await vi.waitUntil(() => queue.depth().running === 0);
    expect(new Set(seen)).toEqual(new Set(['running', 'success']));
    unwatch();
  });
});

describe('requests for one volume', () => {
  it('join an unfinished run, and make a new one when it has ended', async () => {
    const first = await queue.add([claim('a')], somebody);
    const second = await queue.add([claim('a'), claim('a')], somebody);
    expect(second.map(({ id }) => id)).toEqual([idOf(first), idOf(first)]);
    await begun(1);
    underWay[0]?.end();
    await vi.waitUntil(() => queue.depth().running === 0);
    const third = await queue.add([claim('a')], somebody);
    expect(idOf(third)).not.toBe(idOf(first));
  });

  it('join when they come at the same moment', async () => {
    const [one, two] = await Promise.all([
      queue.add([claim('a')], somebody),
      queue.add([claim('a')], somebody),
    ]);
    expect(idOf(two)).toBe(idOf(one));
    expect(history.count()).toBe(1);
  });

  it('never join a run that is being cancelled: a new one follows it', async () => {
    const cleanup = Promise.withResolvers<void>();
    cleanedUp = cleanup.promise;
    const first = await queue.add([claim('a')], somebody);
    await begun(1);
    const cancelling = queue.cancel(idOf(first));
    const second = await queue.add([claim('a')], somebody);
    expect(idOf(second)).not.toBe(idOf(first));
    expect(underWay).toHaveLength(1); // its helper may still be there
    cleanup.resolve();
    expect(await cancelling).toMatchObject({ status: 'cancelled' });
    await begun(2);
    underWay[1]?.end();
    await vi.waitUntil(() => statusOf(idOf(second)) === 'success');
  });

  it('for fresh data join a run that has not begun to read, and follow one that has', async () => {
    const first = await queue.add([claim('a')], somebody);
    await begun(1);
    underWay[0]?.report({ stage: 'wait' });
    const fresh = { ...somebody, fresh: true };
    expect(idOf(await queue.add([claim('a')], fresh))).toBe(idOf(first));
    underWay[0]?.report({ stage: 'copy' });
    const second = await queue.add([claim('a')], fresh);
    expect(idOf(second)).not.toBe(idOf(first));
    expect(idOf(await queue.add([claim('a')], fresh))).toBe(idOf(second));
    expect(idOf(await queue.add([claim('a')], somebody))).toBe(idOf(first));
    expect(underWay).toHaveLength(1);
    underWay[0]?.end();
    await begun(2);
  });

  it('serve people before schedules, also when both ask for the same volume', async () => {
    queue = newQueue({ limits: { total: 1, perNode: 1 } });
    await queue.add([claim('a')], somebody);
    await queue.add([claim('b'), claim('c')], { requestedBy: 'a clock', priority: 'scheduled' });
    const more = { ...somebody, acceptEmpty: true, verify: 'contents' as const };
    const [joined] = await queue.add([claim('c')], more);
    expect(joined).toMatchObject({
      priority: 'on-demand',
      requestedBy: 'a clock',
      acceptEmpty: true,
      verify: 'contents',
    });
    await begun(1);
    underWay[0]?.end();
    await begun(2);
    expect(underWay[1]?.run).toMatchObject({ name: 'c', acceptEmpty: true, verify: 'contents' });
  });

  it('that want more than a running one gives are queued after it', async () => {
    const first = await queue.add([claim('a')], somebody);
    await begun(1);
    const second = await queue.add([claim('a')], { ...somebody, acceptEmpty: true });
    expect(idOf(second)).not.toBe(idOf(first));
    expect(underWay).toHaveLength(1);
  });
});

describe('runs of different kinds on one volume', () => {
  const ask = (kind: RunKind, name = 'a', priority?: Backup['priority']) =>
    queue.add([claim(name)], { ...somebody, kind, ...(priority ? { priority } : {}) });
  const kinds = () => underWay.map(({ run }) => run.kind);

  beforeEach(() => {
    queue = newQueue({ limits: { total: 5, perNode: 5 } });
  });

  it('never join each other', async () => {
    const backup = await ask('backup');
    const restore = await ask('restore');
    expect(idOf(restore)).not.toBe(idOf(backup));
  });

  it('run side by side when both read', async () => {
    await ask('backup');
    await ask('verify');
    await begun(2);
    expect(kinds()).toEqual(['backup', 'verify']);
  });

  it('wait for a restore, and a restore waits for them', async () => {
    await ask('backup');
    await ask('restore', 'a', 'restore');
    await ask('restore', 'b', 'restore');
    await begun(2);
    expect(underWay.map(({ run }) => `${run.kind} ${run.name}`)).toEqual(['backup a', 'restore b']);
    // A run that reads does not conflict with the backup, but may not go past the restore for ever.
    await ask('verify');
    expect(underWay).toHaveLength(2);
    underWay[0]?.end();
    await begun(3);
    expect(kinds().at(-1)).toBe('restore');
    underWay[2]?.end();
    await begun(4);
    expect(kinds().at(-1)).toBe('verify');
  });
});

describe('cancelling', () => {
  it('ends what waits and what runs, but nothing that has ended', async () => {
    const runs = await queue.add([claim('a'), claim('b'), claim('c')], somebody);
    await begun(2);
    expect(await queue.cancel(idOf(runs, 2))).toMatchObject({ status: 'cancelled' });
    expect(await queue.cancel(idOf(runs, 0))).toMatchObject({ status: 'cancelled' });
    await expect(queue.cancel(idOf(runs, 0))).rejects.toMatchObject({ reason: 'AlreadyEnded' });
    await expect(queue.cancel('none')).rejects.toMatchObject({ reason: 'BackupNotFound' });
    expect(underWay).toHaveLength(2);
  });

  it('ends a run that waits for its next attempt', async () => {
    queue = newQueue({ retry: { maxAttempts: 2, delayMs: () => 3_600_000 } });
    const runs = await queue.add([claim('a')], somebody);
    await begun(1);
    underWay[0]?.end(broken);
    await vi.waitUntil(() => statusOf(idOf(runs)) === 'queued');
    expect(await queue.cancel(idOf(runs))).toMatchObject({ status: 'cancelled', retryAt: null });
    expect(queue.depth()).toEqual({ queued: 0, running: 0 });
  });

  it('names the stage at which the last attempt failed, however the run ends while it waits for the next', async () => {
    queue = newQueue({ retry: { maxAttempts: 2, delayMs: () => 3_600_000 } });
    const runs = await queue.add([claim('a'), claim('b')], somebody);
    await begun(2);
    for (const { end } of underWay) end({ ...broken, stage: 'copy' });
    const [cancelled, failed] = [idOf(runs), idOf(runs, 1)];
    await vi.waitUntil(() => statusOf(cancelled) === 'queued' && statusOf(failed) === 'queued');
    await queue.cancel(cancelled);
    expect(history.get(cancelled)).toMatchObject({
      ...{ status: 'cancelled', stage: 'copy' },
      message: 'cancelled while it was queued; before that, attempt 1 of 2 failed: it broke',
    });
    const why = { reason: 'ClusterUnreachable', hint: 'look', failureClass: 'transient' } as const;
    await queue.fail(failed, { ...why, message: 'cluster edge has not answered' });
    expect(history.get(failed)).toMatchObject({
      ...{ ...why, status: 'failed', stage: 'copy' },
      message: 'cluster edge has not answered; before that, attempt 1 of 2 failed: it broke',
    });
  });

  it('names the queue of a run that never began', async () => {
    const runs = await queue.add([claim('a'), claim('b'), claim('c')], somebody);
    await begun(2);
    const why = { reason: 'ClusterUnreachable', hint: 'look', failureClass: 'transient' } as const;
    await queue.fail(idOf(runs, 2), { ...why, message: 'cluster edge has not answered' });
    expect(history.get(idOf(runs, 2))).toMatchObject({
      ...{ ...why, status: 'failed', stage: 'queue' },
      message: 'cluster edge has not answered',
    });
  });

  it('ends a run that is about to wait for its next attempt', async () => {
    const runs = await queue.add([claim('a')], somebody);
    await begun(1);
    underWay[0]?.end(broken);
    await Promise.resolve(); // the queue knows of the end, the history does not
    expect(await queue.cancel(idOf(runs))).toMatchObject({ status: 'cancelled', retryAt: null });
  });
});

describe('after a restart', () => {
  const restart = async (): Promise<void> => {
    await queue.stop();
    await history.close();
    history = await openHistory(join(dir, 'nkvm.db'));
    underWay = [];
  };

  it('queued runs go on, in their order', async () => {
    queue = newQueue({ limits: { total: 1, perNode: 1 } });
    await queue.add([claim('a'), claim('b'), claim('c'), claim('d')], somebody);
    await begun(1);
    await restart();
    queue = newQueue();
    await begun(2);
    expect(names()).toEqual(['b', 'c']);
  });

  it('queued runs can be cancelled and have places before any run may start', async () => {
    queue = newQueue({ limits: { total: 1, perNode: 1 } });
    const runs = await queue.add([claim('a'), claim('b'), claim('c')], somebody);
    await begun(1);
    await restart();
    const resume = vi.fn();
    queue = startQueue({
      history,
      kinds: { backup: job({ work: resume }) },
      limits: { total: 2, perNode: 2 },
      retry,
      newId: runIds(),
      now: () => new Date(),
      log,
      onEnd: () => undefined,
    });
    expect(queue.positionOf(idOf(runs, 2))?.amongAll).toBe(2);
    expect(await queue.cancel(idOf(runs, 1))).toMatchObject({ status: 'cancelled' });
    // It was running, and nobody has looked yet what became of it.
    await expect(queue.cancel(idOf(runs, 0))).rejects.toMatchObject({ reason: 'Starting' });
    // It may be tried again, so a request for its volume does not make a second one.
    expect(idOf(await queue.add([claim('a')], somebody))).toBe(idOf(runs, 0));
    expect(resume).not.toHaveBeenCalled();
    expect(queue.waitsFor()).toEqual(['NKVM is starting']);
  });
});

describe('a run that fails', () => {
  it('is tried again, and fails when that fails, too', async () => {
    const runs = await queue.add([claim('a')], somebody);
    const seen: Backup[] = [];
    queue.watch(idOf(runs), each => seen.push(each));
    await begun(1);
    underWay[0]?.end(broken);
    await begun(2);
    expect(seen.find(({ status }) => status === 'queued')).toMatchObject({
      attempt: 2,
      message: 'attempt 1 of 2 failed: it broke',
      retryAt: expect.any(String),
    });
    expect(history.get(idOf(runs))).toMatchObject({
      status: 'running',
      retryAt: null,
      message: '',
      failureClass: null,
    });
    underWay[1]?.end(broken);
    await vi.waitUntil(() => statusOf(idOf(runs)) === 'failed');
    expect(history.get(idOf(runs))).toMatchObject({ attempt: 2, message: 'it broke' });
  });

  it('waits as long as the other side asked', async () => {
    const runs = await queue.add([claim('a')], somebody);
    await begun(1);
    const before = Date.now();
    underWay[0]?.end({ ...broken, retryAfterMs: 150 });
    await begun(2);
    expect(Date.now() - before).toBeGreaterThanOrEqual(145);
    expect(history.get(idOf(runs))).not.toHaveProperty('retryAfterMs');
  });
});

describe('while the API server is away', () => {
  let isAway: boolean;
  let listeners: Set<() => void>;
  const availability: Availability = {
    isAway: () => isAway,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const set = (away: boolean): void => {
    isAway = away;
    listeners.forEach(listener => listener());
  };
  beforeEach(() => {
    isAway = false;
    listeners = new Set();
    queue = newQueue({ availability, outageMs: 1 });
  });

  it('no run starts, and requests are taken', async () => {
    set(true);
    const runs = await queue.add([claim('a')], somebody);
    expect(statusOf(idOf(runs))).toBe('queued');
    expect(queue.waitsFor()).toEqual(['the API server does not answer']);
    expect(underWay).toHaveLength(0);
    set(false);
    await begun(1);
  });

  it('a failure uses up no attempt, however often that happens', async () => {
    const runs = await queue.add([claim('a')], somebody);
    for (let outage = 1; outage <= 3; outage += 1) {
      await begun(outage);
      set(true);
      underWay.at(-1)?.end(broken);
      await vi.waitUntil(() => statusOf(idOf(runs)) === 'queued');
      set(false);
    }
    await begun(4);
    expect(history.get(idOf(runs))).toMatchObject({ attempt: 1 });
    underWay[3]?.end();
    await vi.waitUntil(() => statusOf(idOf(runs)) === 'success');
  });

  it('a failure uses up no attempt when the API server is back before the run ends', async () => {
    const runs = await queue.add([claim('a')], somebody);
    await begun(1);
    set(true);
    await new Promise(done => setTimeout(done, 5));
    set(false);
    underWay[0]?.end(broken);
    await begun(2);
    expect(history.get(idOf(runs))).toMatchObject({ attempt: 1 });
  });

  it('a failure that needs a person ends the run', async () => {
    const runs = await queue.add([claim('a')], somebody);
    await begun(1);
    set(true);
    underWay[0]?.end({ ...broken, failureClass: 'needs-action' });
    await vi.waitUntil(() => statusOf(idOf(runs)) === 'failed');
  });
});

describe('holding', () => {
  it('starts no run until every hold is released', async () => {
    const releases = [queue.hold('the disk is full'), queue.hold('the Lease is old')];
    await queue.add([claim('a')], somebody);
    expect(queue.waitsFor()).toEqual(['the disk is full', 'the Lease is old']);
    releases[0]?.();
    releases[0]?.();
    expect(underWay).toHaveLength(0);
    releases[1]?.();
    await begun(1);
  });

  it('for room starts a restore, and no backup', async () => {
    await queue.stop();
    queue = newQueue({
      kinds: { backup: job({ needsRoom: true }), restore: job({ access: 'write' }) },
    });
    const release = queue.holdForRoom('the disk is nearly full');
    await queue.add([claim('a')], somebody);
    await queue.add([claim('b')], { ...somebody, kind: 'restore', priority: 'restore' });
    await begun(1);
    expect(underWay[0]?.run.kind).toBe('restore');
    expect(queue.waitsFor()).toEqual(['the disk is nearly full']);
    release();
    await begun(2);
  });
});
