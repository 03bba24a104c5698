import { expect, it } from 'vitest';
import { untilDone } from './untilDone.ts';

const options = (signal = new AbortController().signal) => {
  const said: string[] = [];
  const error = (_: object, sentence: string) => void said.push(sentence);
  return { said, with: { name: 'recovery', retryMs: 1, signal, log: { error } } };
};

it('tries until it works, and logs each reason once', async () => {
  const { said, ...more } = options();
  const reasons = ['the disk is away', 'the disk is away', 'it is read-only'];
  const work = async () => {
    const reason = reasons.shift();
    if (reason) throw new Error(reason);
    return 7;
  };
  expect(await untilDone(more.with, work)).toBe(7);
  expect(said).toEqual([
    'recovery failed, and NKVM tries again: the disk is away',
    'recovery failed, and NKVM tries again: it is read-only',
  ]);
});

it('ends when it is told to stop', async () => {
  const stop = new AbortController();
  const { with: these } = options(stop.signal);
  const waits = untilDone({ ...these, retryMs: 3_600_000 }, () => Promise.reject(new Error('no')));
  setTimeout(() => stop.abort(new Error('stopping')), 5);
  await expect(waits).rejects.toThrow('stopping');
});
