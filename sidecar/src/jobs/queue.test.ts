import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Backup } from '../../api/index.ts';
import { recover } from '../backup/recover.ts';
import { CANCELLED, runBackup } from '../backup/run.ts';
import type { History, RunChange } from '../history/history.ts';
import { openHistory } from '../history/openHistory.ts';
import { runIds } from '../history/runId.ts';
import { memoryDestination, memoryStorage } from '../testing/memoryDestination.ts';
import { processCluster } from '../testing/processCluster.ts';
import { testClaim } from '../testing/testClaim.ts';
import type { Queue, QueueOptions } from './queue.ts';
import { startQueue } from './queue.ts';

const claim = (name: string, uid = `uid-${name}`) => testClaim({ name, uid });
const of = (namespace: string, name: string) => testClaim({ namespace, name, uid: `uid-${name}` });

const log = pino({ level: 'silent' });
let dir: string;
let history: History;
let queue: Queue;
/** Runs under way, in the order in which they began. */
let underWay: { run: Backup; end(change?: RunChange): void }[];

const success: RunChange = { status: 'success', endedAt: '2026-11-21T10:00:00.000Z' };

const retry = { maxAttempts: 2, delayMs: () => 20 };

const newQueue = (change: Partial<QueueOptions> = {}): Queue =>
  startQueue({
    history,
    claimOf: (_namespace, name) => claim(name),
    work: (run, _claim, _report, signal) =>
      new Promise(resolve => {
        const one = { run, end: (change: RunChange = success) => resolve(change) };
        underWay.push(one);
        const breakOff = () =>
          resolve({ ...success, status: signal.reason === CANCELLED ? 'cancelled' : 'failed' });
        if (signal.aborted) breakOff();
        else signal.addEventListener('abort', breakOff);
      }),
    limits: { total: 2, perNode: 2 },
    retry,
    newId: runIds(),
    now: () => new Date(),
    log,
    onEnd: () => undefined,
    ...change,
  });

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-queue-'));
  history = await openHistory(join(dir, 'nkvm.db'));
  underWay = [];
  queue = newQueue();
});
afterEach(async () => {
  await queue.stop();
  await history.close();
  rmSync(dir, { recursive: true, force: true });
});

const begun = (count: number) => vi.waitUntil(() => underWay.length === count);

describe('the queue', () => {
  it('starts as many as it may, in the order of the requests', async () => {
    await queue.add([claim('a'), claim('b'), claim('c')], 'somebody');
    await begun(2);
    expect(queue.depth()).toEqual({ queued: 1, running: 2 });
    underWay[0]?.end();
    await begun(3);
    expect(underWay.map(({ run }) => run.name)).toEqual(['a', 'b', 'c']);
  });

  it('joins requests for a volume that has an unfinished run', async () => {
    const [first] = await queue.add([claim('a')], 'one');
    const [second, third] = await queue.add([claim('a'), claim('a')], 'two');
    expect([second?.id, third?.id]).toEqual([first?.id, first?.id]);
    await begun(1);
    underWay[0]?.end();
    await vi.waitUntil(() => history.get(first?.id ?? '')?.status === 'success');
    const [fourth] = await queue.add([claim('a')], 'two');
    expect(fourth?.id).not.toBe(first?.id);
  });

  it('joins requests for a volume that come at the same moment', async () => {
    const [one, two] = await Promise.all([
      queue.add([claim('a')], 'one'),
      queue.add([claim('a')], 'two'),
    ]);
    expect(two[0]?.id).toBe(one[0]?.id);
    expect(history.count()).toBe(1);
  });

  it('starts a run once, when it was asked for before the queue resumed', async () => {
    queue = newQueue({ limits: { total: 3, perNode: 3 } });
    await queue.add([claim('a')], 'somebody');
    queue.resume();
    await queue.add([claim('b')], 'somebody');
    await begun(2);
    expect(underWay.map(({ run }) => run.name)).toEqual(['a', 'b']);
  });

  it('goes on after a run that broke in an unexpected way', async () => {
    queue = newQueue({
      limits: { total: 1, perNode: 1 },
      work: run =>
        run.name === 'a' ? Promise.reject(new Error('a fault')) : Promise.resolve(success),
    });
    const [, b] = await queue.add([claim('a'), claim('b')], 'somebody');
    await vi.waitUntil(() => history.get(b?.id ?? '')?.status === 'success');
  });

  it('fails a run whose claim was deleted, or made again, while it waited', async () => {
    queue = newQueue({
      claimOf: (_namespace, name) => (name === 'gone' ? undefined : claim(name, 'another')),
    });
    const runs = await queue.add([claim('gone'), claim('again')], 'somebody');
    for (const { id } of runs) {
      await vi.waitUntil(() => history.get(id)?.status === 'failed');
      expect(history.get(id)).toMatchObject({ reason: 'ClaimNotFound', stage: 'create' });
    }
    expect(underWay).toEqual([]);
  });

  it('cancels what waits, and what runs, but nothing that has ended', async () => {
    const runs = await queue.add([claim('a'), claim('b'), claim('c')], 'somebody');
    await begun(2);
    expect(await queue.cancel(runs[2]?.id ?? '')).toMatchObject({ status: 'cancelled' });
    expect(await queue.cancel(runs[0]?.id ?? '')).toMatchObject({ status: 'cancelled' });
    await expect(queue.cancel(runs[0]?.id ?? '')).rejects.toMatchObject({ reason: 'AlreadyEnded' });
    await expect(queue.cancel('none')).rejects.toMatchObject({ reason: 'BackupNotFound' });
    expect(underWay).toHaveLength(2);
  });

  it('tells of every run that has ended, also of one that never began', async () => {
    const ended: string[] = [];
    queue = newQueue({
      limits: { total: 1, perNode: 1 },
      onEnd: ({ name, status }) => ended.push(`${name}: ${status}`),
    });
    const [, b] = await queue.add([claim('a'), claim('b')], 'somebody');
    await begun(1);
    await queue.cancel(b?.id ?? '');
    underWay[0]?.end();
    await vi.waitUntil(() => ended.length === 2);
    expect(ended).toEqual(['b: cancelled', 'a: success']);
  });

  it('lets a namespace that asks for one wait for one run, not for all of another', async () => {
    queue = newQueue({ limits: { total: 1, perNode: 1 } });
    const many = Array.from({ length: 20 }, (_, index) => of('big', `m${index}`));
    await queue.add(many, 'somebody');
    const [run] = await queue.add([of('small', 'only')], 'somebody');
    expect(queue.positionOf(run?.id ?? '')).toBe(1);
    await begun(1);
    underWay[0]?.end();
    await begun(2);
    expect(underWay.map(({ run: { name } }) => name)).toEqual(['m0', 'only']);
    expect(queue.positionOf(run?.id ?? '')).toBeNull();
  });

  it('serves people before schedules, also when both ask for the same volume', async () => {
    queue = newQueue({ limits: { total: 1, perNode: 1 } });
    await queue.add([claim('a')], 'somebody');
    await queue.add([claim('b'), claim('c')], 'a clock', { priority: 'scheduled' });
    const [joined] = await queue.add([claim('c')], 'somebody');
    expect(joined).toMatchObject({ priority: 'on-demand', requestedBy: 'a clock' });
    await begun(1);
    underWay[0]?.end();
    await begun(2);
    expect(underWay[1]?.run.name).toBe('c');
  });

  const broken: RunChange = { status: 'failed', reason: 'StreamBroke', message: 'it broke' };

  it('tries again what can pass, and fails when it does not pass', async () => {
    const [run] = await queue.add([claim('a')], 'somebody');
    const id = run?.id ?? '';
    const seen: Backup[] = [];
    queue.watch(id, each => seen.push(each));
    await begun(1);
    underWay[0]?.end(broken);
    await begun(2);
    expect(seen.find(({ status }) => status === 'queued')).toMatchObject({
      attempt: 2,
      message: 'attempt 1 of 2 failed: it broke',
      retryAt: expect.any(String),
    });
    expect(history.get(id)).toMatchObject({ status: 'running', retryAt: null, message: '' });
    underWay[1]?.end(broken);
    await vi.waitUntil(() => history.get(id)?.status === 'failed');
    expect(history.get(id)).toMatchObject({ attempt: 2, message: 'it broke' });
  });

  it('cancels what waits for its next attempt', async () => {
    queue = newQueue({ retry: { maxAttempts: 2, delayMs: () => 3_600_000 } });
    const [run] = await queue.add([claim('a')], 'somebody');
    const id = run?.id ?? '';
    await begun(1);
    underWay[0]?.end(broken);
    await vi.waitUntil(() => history.get(id)?.status === 'queued');
    expect(await queue.cancel(id)).toMatchObject({ status: 'cancelled', retryAt: null });
    expect(queue.depth()).toEqual({ queued: 0, running: 0 });
  });

  it('cancels what is about to wait for its next attempt', async () => {
    const [run] = await queue.add([claim('a')], 'somebody');
    const id = run?.id ?? '';
    await begun(1);
    underWay[0]?.end(broken);
    await Promise.resolve(); // the queue knows of the end, the history does not
    expect(await queue.cancel(id)).toMatchObject({ status: 'cancelled', retryAt: null });
  });

  it('tells whoever watches a run, until they stop', async () => {
    const seen: string[] = [];
    const [run] = await queue.add([claim('a')], 'somebody');
    const unwatch = queue.watch(run?.id ?? '', ({ status }) => seen.push(status));
    await begun(1);
    underWay[0]?.end();
    await vi.waitUntil(() => seen.includes('success'));
    expect(seen).toEqual(['running', 'success']);
    unwatch();
  });
});

describe('after a restart', () => {
  /** Ends this process's part without a word to the history, and opens everything again. */
  const restart = async () => {
    await queue.stop();
    await history.close();
    history = await openHistory(join(dir, 'nkvm.db'));
    underWay = [];
    queue = newQueue();
  };
  const world = (destination = memoryDestination(), pods = processCluster(dir).pods) => ({
    history,
    destination,
    pods,
    installation: 'i',
    retry,
    now: () => new Date(),
    log,
  });

  it('queued runs go on, in their order', async () => {
    await queue.add([claim('a'), claim('b'), claim('c'), claim('d')], 'somebody');
    await begun(2);
    await restart();
    await recover(world());
    queue.resume();
    await begun(2);
    expect(underWay.map(({ run }) => run.name)).toEqual(['c', 'd']);
  });

  it('a run in the middle is tried once more, and its helper is deleted', async () => {
    const cluster = processCluster(dir);
    const [run] = await queue.add([claim('a')], 'somebody');
    await begun(1);
    const { helperPod } = await import('../helper/manifest.ts');
    const spec = { runId: run?.id ?? '', claimName: 'a', image: 'x', memoryLimit: '1Mi' };
    for (const installation of ['i', 'another']) {
      const pod = helperPod({ ...spec, installation, node: null, deadlineMs: 1 });
      await cluster.pods.create(installation, pod);
    }
    await restart();
    await recover(world(memoryDestination(), cluster.pods));
    expect(history.get(run?.id ?? '')).toMatchObject({ status: 'queued', reason: 'Interrupted' });
    queue.resume();
    await begun(1);
    await restart();
    await recover(world(memoryDestination(), cluster.pods));
    expect(history.get(run?.id ?? '')).toMatchObject({ status: 'failed', reason: 'Interrupted' });
    expect([...cluster.existing.keys()]).toEqual([`another/nkvm-backup-${run?.id}`]);
    await cluster.stop();
  });

  it.each([
    ['with its manifest is a success', false, 'success'],
    ['without a manifest is removed, for nothing proves it', true, 'queued'],
  ])('an archive %s', async (_, loseManifest, status) => {
    const storage = memoryStorage();
    const destination = memoryDestination(storage);
    const cluster = processCluster(dir);
    const [run] = await queue.add([claim('a')], 'somebody');
    await begun(1);
    const backup = underWay[0]?.run as Backup;
    const end = await runBackup(
      backup,
      claim('a'),
      {
        cluster,
        readClaim: async () => ({ uid: 'uid-a', labels: {}, annotations: {}, spec: {} }),
        destination,
        clusterName: 'test',
        installation: 'i',
        image: 'x',
        memoryLimit: '1Mi',
        podTimeoutMs: 5000,
        runTimeoutMs: 60_000,
        verifyLevel: 'checksum',
        version: '0',
        now: () => new Date(),
        entriesBefore: () => undefined,
      },
      () => undefined,
      new AbortController().signal
    );
    expect(end.status).toBe('success'); // and then the sidecar is gone before it can say so
    const manifest = [...storage.archives.keys()].find(key => key.endsWith('.json')) ?? '';
    if (loseManifest) storage.archives.delete(manifest);
    await restart();
    await recover(world(destination, cluster.pods));
    expect(history.get(run?.id ?? '')).toMatchObject({ status });
    expect(storage.archives.size).toBe(loseManifest ? 0 : 2);
    cluster.stop();
  });
});
