import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fakeStream } from '../../testing/fakeCluster';
import { aVolume } from '../../testing/samples';
import { followChanges } from './changes';
import { takeSlot } from './slots';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Follows what `open` gives, and notes what is told. */
function start(
  open: (_: unknown, request: { signal: AbortSignal }) => Promise<Response> | Response,
  confirm = () => Promise.resolve()
) {
  const told: string[] = [];
  const end = new AbortController();
  let opened = 0;
  const done = followChanges({
    open: async signal => {
      opened += 1;
      return open(undefined, { signal });
    },
    onReady: () => told.push('ready'),
    onLost: () => told.push('lost'),
    onChange: ({ volumes, removed }) => told.push(`${volumes.length} ${removed.length}`),
    confirm,
    signal: end.signal,
  });
  onTestFinished(async () => {
    end.abort();
    await done;
  });
  return { told, opened: () => opened, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe('the stream of changes', () => {
  it('tells when it is ready, and each change', async () => {
    const stream = fakeStream();
    const { told, pass } = start(stream.answer);
    await pass(0);
    stream.send('ready', {});
    stream.send('change', { volumes: [aVolume()], removed: [] });
    await pass(0);
    expect(told).toEqual(['ready', '1 0']);
  });

  it('is opened again when it ends, and tells that changes may be missing', async () => {
    const stream = fakeStream();
    const { told, opened, pass } = start(stream.answer);
    await pass(0);
    stream.send('ready', {});
    await pass(0);
    stream.send('end', { reason: 'token-expired' });
    await pass(0);
    expect(told).toEqual(['ready', 'lost']);
    await pass(1_000);
    stream.send('ready', {});
    await pass(0);
    expect(told).toEqual(['ready', 'lost', 'ready']);
    expect(opened()).toBe(2);
  });

  it('is asked for less and less often while it cannot be had', async () => {
    const { opened, pass } = start(() => Promise.reject(new Error('away')));
    await pass(60_000);
    expect(opened()).toBeLessThan(8);
    expect(opened()).toBeGreaterThan(3);
  });

  it('is not asked for again soon where the sidecar does not know it', async () => {
    const { opened, pass } = start(() =>
      Promise.reject(Object.assign(new Error('Not Found'), { status: 404 }))
    );
    await pass(4 * 60_000);
    expect(opened()).toBe(1);
  });

  it('ends when another person has logged in', async () => {
    const stream = fakeStream();
    let isOther = false;
    const { told, pass } = start(stream.answer, async () => {
      if (isOther) throw new Error('another person has logged in');
    });
    await pass(0);
    stream.send('ready', {});
    await pass(0);
    isOther = true;
    stream.send('change', { volumes: [aVolume()], removed: [] });
    await pass(0);
    expect(told).toEqual(['ready', 'lost']);
  });

  it('leaves connections to others', async () => {
    const slots = await Promise.all(Array.from({ length: 5 }, takeSlot));
    onTestFinished(() => slots.forEach(giveBack => giveBack?.()));
    const { opened, told, pass } = start(fakeStream().answer);
    await pass(10_000);
    expect(opened()).toBe(0);
    expect(told[0]).toBe('lost');
  });
});
