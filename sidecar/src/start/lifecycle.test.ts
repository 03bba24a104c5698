import { expect, it, vi } from 'vitest';
import { lifecycle, Stopping } from './lifecycle.ts';

function lifeWithLog() {
  const said: string[] = [];
  const life = lifecycle({ error: (_, sentence) => void said.push(sentence) });
  const done: string[] = [];
  const part = (name: string, stop: () => unknown = () => undefined) => ({
    name,
    start: () => name,
    stop(started: string) {
      done.push(started);
      return stop();
    },
    stopLimitMs: 20,
  });
  return { life, said, done, part };
}

it('stops what was started, the last part first, once', async () => {
  const { life, said, done, part } = lifeWithLog();
  expect(await life.start(part('history'))).toBe('history');
  await life.start(part('queue'));
  await Promise.all([life.stop(), life.stop()]);
  expect(done).toEqual(['queue', 'history']);
  expect(said).toEqual([]);
});

it('stops the other parts when one fails to stop, throws, or never ends', async () => {
  const { life, said, done, part } = lifeWithLog();
  await life.start(part('lease'));
  await life.start(part('history', () => Promise.reject(new Error('no space left'))));
  await life.start(part('queue', () => new Promise(() => undefined)));
  await life.start(
    part('server', () => {
      throw new Error('a fault');
    })
  );
  await life.stop();
  expect(done).toEqual(['server', 'queue', 'history', 'lease']);
  expect(said).toEqual([
    'server could not be stopped in order: a fault',
    'queue could not be stopped in order: took over 20 ms',
    'history could not be stopped in order: no space left',
  ]);
});

it('stops a part that was starting, as soon as it has started', async () => {
  const { life, done, part } = lifeWithLog();
  await life.start(part('lease'));
  const opened = Promise.withResolvers<string>();
  const starting = life.start({
    ...part('history'),
    start: () => opened.promise,
    stopLimitMs: 500,
  });
  const stopped = life.stop();
  await expect(starting).rejects.toThrow(Stopping);
  expect(done).toEqual([]);
  opened.resolve('history');
  await stopped;
  expect(done).toEqual(['history', 'lease']);
});

it('does not wait for a part that never starts', async () => {
  const { life, said, done, part } = lifeWithLog();
  await life.start(part('lease'));
  const never = new Promise<string>(() => undefined);
  const starting = life.start({ ...part('identity'), start: () => never });
  starting.catch(() => undefined);
  await life.stop();
  expect(done).toEqual(['lease']);
  expect(said).toEqual(['identity could not be stopped in order: took over 20 ms']);
});

it('tells a part that is starting to stop, and starts nothing more', async () => {
  const { life, done, part } = lifeWithLog();
  const start = vi.fn(
    (signal: AbortSignal) =>
      new Promise<string>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason))
      )
  );
  const starting = life.start({ ...part('lease'), start });
  starting.catch(() => undefined);
  await life.stop();
  await expect(starting).rejects.toThrow(Stopping);
  await expect(life.start(part('history'))).rejects.toThrow(Stopping);
  expect(done).toEqual([]);
});

it('fails with the error of a part that cannot start, and stops those before it', async () => {
  const { life, said, done, part } = lifeWithLog();
  await life.start(part('lease'));
  const start = () => {
    throw new Error('the port is taken');
  };
  await expect(life.start({ ...part('server'), start })).rejects.toThrow('the port is taken');
  await life.stop();
  expect(done).toEqual(['lease']);
  expect(said).toEqual([]);
});

it('says what it is waiting for', async () => {
  const { life, part } = lifeWithLog();
  const done = Promise.withResolvers<string>();
  const starting = life.start({
    ...part('the Lease'),
    start(_, say) {
      say('nkvm-1 holds Lease nkvm/nkvm');
      return done.promise;
    },
  });
  expect(life.waitsFor()).toBe('NKVM is starting: nkvm-1 holds Lease nkvm/nkvm');
  done.resolve('lease');
  await starting;
});
