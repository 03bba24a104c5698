import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Backup } from '../../../sidecar/api';
import { aBackup, aFailed, aRunning } from '../../testing/samples';
import { follow } from './follow';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const message = (backup: Backup) =>
  new TextEncoder().encode(`event: backup\ndata: ${JSON.stringify(backup)}\n\n`);

/** A stream that sends these and then ends, or stays open and silent. */
const stream = (backups: Backup[], end: 'ends' | 'stays open') => (signal: AbortSignal) =>
  Promise.resolve(
    new Response(
      new ReadableStream({
        start(controller) {
          backups.forEach(backup => controller.enqueue(message(backup)));
          if (end === 'ends') controller.close();
          else signal.addEventListener('abort', () => controller.error(new Error('aborted')));
        },
      })
    )
  );

const status = (code: number) => Object.assign(new Error('No - no'), { status: code });

/** Follows with the streams in their order (the last one again and again) and a `read` that gives `later`. */
function start(
  streams: ((signal: AbortSignal) => Promise<Response>)[],
  read: () => Promise<Backup> = () => Promise.resolve(aBackup())
) {
  const seen: (string | number | null)[] = [];
  const ended = new AbortController();
  let opened = 0;
  const done = follow({
    read,
    open: signal => streams[Math.min(opened++, streams.length - 1)]!(signal),
    event: 'backup',
    onChange: backup => seen.push(backup.status === 'running' ? backup.bytes : backup.status),
    signal: ended.signal,
  });
  return { seen, done, stop: () => ended.abort(), opened: () => opened };
}

it('passes on each state and ends with the final one', async () => {
  const { seen, done } = start([
    stream([aRunning({ bytes: 1 }), aRunning({ bytes: 2 }), aFailed()], 'stays open'),
  ]);
  await done;
  expect(seen).toEqual([1, 2, 'failed']);
});

it('opens another stream after one that broke off', async () => {
  const { seen, done } = start(
    [stream([aRunning({ bytes: 1 })], 'ends'), stream([aBackup()], 'ends')],
    () => Promise.resolve(aRunning({ bytes: 2 }))
  );
  await vi.advanceTimersByTimeAsync(2_000);
  await done;
  expect(seen).toEqual([1, 2, 'success']);
});

it('finds the end by reading when a stream broke off just before it', async () => {
  const { seen, done } = start([stream([aRunning({ bytes: 1 })], 'ends')]);
  await done;
  expect(seen).toEqual([1, 'success']);
});

it('goes on by reading where streams are held back', async () => {
  const answers = [aRunning({ bytes: 5 }), aRunning({ bytes: 6 }), aBackup()];
  const { seen, done, opened } = start([stream([], 'stays open')], () =>
    Promise.resolve(answers.shift()!)
  );
  await vi.advanceTimersByTimeAsync(40_000);
  await vi.advanceTimersByTimeAsync(4_000);
  await done;
  expect(seen).toEqual([5, 6, 'success']);
  expect(opened()).toBe(1);
});

it('opens a stream again some minutes after one was silent: the computer may have been asleep', async () => {
  const { done, opened } = start(
    [stream([aRunning({ bytes: 1 })], 'stays open'), stream([aBackup()], 'ends')],
    () => Promise.resolve(aRunning({ bytes: 2 }))
  );
  await vi.advanceTimersByTimeAsync(4 * 60_000);
  expect(opened()).toBe(1);
  await vi.advanceTimersByTimeAsync(2 * 60_000);
  await done;
  expect(opened()).toBe(2);
});

it.each([401, 403, 404, 503])('ends with the error when the run answers %i', async code => {
  const { done } = start([() => Promise.reject(status(code))], () => Promise.reject(status(code)));
  await expect(done).rejects.toMatchObject({ status: code });
});

it('opens nothing where it is stopped before it has a place', async () => {
  const { seen, done, stop, opened } = start([stream([aRunning({ bytes: 1 })], 'stays open')]);
  stop();
  await done;
  expect([seen, opened()]).toEqual([[], 0]);
});

it('says nothing more once it is stopped', async () => {
  const { seen, done, stop } = start([stream([aRunning({ bytes: 1 })], 'stays open')]);
  await vi.advanceTimersByTimeAsync(0);
  stop();
  await done;
  expect(seen).toEqual([1]);
});
