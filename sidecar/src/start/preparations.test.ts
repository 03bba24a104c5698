import { expect, it, vi } from 'vitest';
import { preparations } from './preparations.ts';

const log = { info: () => undefined, error: () => undefined };

it('does the steps in order, each until it succeeds, and then calls back', async () => {
  const done: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const archives = vi.fn(async () => {
    done.push('archives');
    if (archives.mock.calls.length < 3) throw new Error('no answer');
  });
  const prepared = preparations(
    { 'the runs': async () => done.push('runs'), 'the archives': archives },
    { signal: new AbortController().signal, log, onDone: resolve, retryMs: 1 }
  );
  expect(prepared.isReady()).toBe(false);
  expect(prepared.left()).toEqual(['NKVM is still checking the runs']);
  await promise;
  expect(done).toEqual(['runs', 'archives', 'archives', 'archives']);
  expect(prepared.isReady()).toBe(true);
  expect(prepared.left()).toEqual([]);
});

it('lets the service be used when a step hangs, and never lets runs start', async () => {
  const onDone = vi.fn();
  const stop = new AbortController();
  const prepared = preparations(
    { 'the archives': () => new Promise(() => undefined) },
    { signal: stop.signal, log, onDone, patienceMs: 5 }
  );
  await vi.waitUntil(() => prepared.isReady());
  expect(prepared.left()).toEqual(['NKVM is still checking the archives']);
  expect(onDone).not.toHaveBeenCalled();
});

it('ends without a word when the process is stopping', async () => {
  const said: string[] = [];
  const stop = new AbortController();
  const error = (_: object, sentence: string) => void said.push(sentence);
  preparations(
    { 'the archives': () => Promise.reject(new Error('no answer')) },
    { signal: stop.signal, log: { ...log, error }, onDone: () => undefined, retryMs: 1 }
  );
  await vi.waitUntil(() => said.length > 0);
  stop.abort();
  await new Promise(done => setTimeout(done, 10));
  expect(said).toEqual(['checking the archives failed, and NKVM tries again: no answer']);
});
