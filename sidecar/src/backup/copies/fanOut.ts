import type { Readable } from 'node:stream';
import { Flow, stalled, tooSlow } from './flow.ts';

/** A consumer of a stream. */
export interface Branch<T> {
  /** Names it in errors. */
  name: string;
  /** Takes `body` to its end. @throws when it cannot; soon after `signal` is aborted. */
  take(body: Readable, signal: AbortSignal): Promise<T>;
  /** Is called with the result of `take` if the branch was abandoned before. */
  letGo(late: T): void;
}

/** How a branch ended. */
export type Taken<T> = { taken: T } | { error: unknown };

export interface FanOutOptions {
  signal: AbortSignal;
  /** Bytes that may wait for one branch while the others go on. */
  bufferBytes?: number;
  /** A branch that takes less than `leastBytes` in this time while others wait for it is abandoned. */
  windowMs?: number;
  leastBytes?: number;
  /** Calls `tick` now and then. @returns what ends that */
  every?(ms: number, tick: () => void): () => void;
}

const TICKS = 4;

const onTimer = (ms: number, tick: () => void): (() => void) => {
  const timer = setInterval(tick, ms).unref();
  return () => clearInterval(timer);
};

/**
 * Gives one stream to several takers. It is read once, at the pace of the slowest; a taker that fails, or is so slow that
 * the others wait for it, is abandoned, and the others go on. One taker alone gets the stream itself, whatever its pace.
 * @returns when `source` has come to its end: how each branch ends, in their order. They may take a while yet, and none
 *   rejects.
 * @throws what broke `source`, or the first branch when all are broken; all branches have ended then
 */
export async function fanOut<T>(
  source: Readable,
  branches: readonly Branch<T>[],
  options: FanOutOptions
): Promise<Promise<Taken<T>>[]> {
  const [only, ...more] = branches;
  return only && more.length === 0
    ? await one(source, only, options.signal)
    : await several(source, branches, options);
}

async function one<T>(
  source: Readable,
  { take }: Branch<T>,
  signal: AbortSignal
): Promise<Promise<Taken<T>>[]> {
  const atEnd = new Promise<void>(resolve => source.once('end', resolve));
  const taking = take(source, signal);
  const end = settled(taking);
  await Promise.race([atEnd, taking]);
  return [end];
}

const settled = <T>(taking: Promise<T>): Promise<Taken<T>> =>
  taking.then(
    taken => ({ taken }),
    error => ({ error })
  );

/** One of several branches under way. */
interface Arm<T> {
  flow: Flow;
  name: string;
  end: Promise<Taken<T>>;
  giveUp(error: unknown): void;
  isOver(): boolean;
  /** How long it has read nothing more without an end. */
  quietTicks: number;
}

async function several<T>(
  source: Readable,
  branches: readonly Branch<T>[],
  options: FanOutOptions
): Promise<Promise<Taken<T>>[]> {
  const { bufferBytes = 4 * 1024 * 1024, windowMs = 60_000, every = onTimer } = options;
  const { leastBytes = 16 * 1024 * 1024, signal } = options;
  const arms = branches.map(branch => armOf(branch, bufferBytes, signal));
  const alive = () => arms.filter(({ flow }) => !flow.isGone);
  let hasEnded = false;

  const stopWatch = every(windowMs / TICKS, () => {
    for (const arm of arms) {
      // It reads no more, and does not say why.
      const isCut = arm.flow.isGone && !arm.flow.body.readableEnded;
      if (isCut && !arm.isOver() && (arm.quietTicks += 1) > TICKS)
        arm.giveUp(stalled(arm.name, { taken: 0, before: 0 }, windowMs));
    }
    const seen = alive().flatMap(arm => {
      const pace = arm.flow.tick(TICKS);
      return pace ? [{ arm, pace }] : [];
    });
    const paces = seen.map(({ pace }) => pace);
    for (const place of tooSlow(paces, { leastBytes, hasEnded })) {
      const { arm, pace } = seen[place] as (typeof seen)[number];
      arm.giveUp(stalled(arm.name, pace, windowMs));
    }
  });
  const ends = arms.map(({ end }) => end);
  void Promise.all(ends).then(stopWatch);

  try {
    for await (const chunk of source) {
      for (const { flow } of alive()) flow.push(chunk as Buffer);
      if (!(await untilRoom(alive))) break;
    }
  } catch (error) {
    const left = alive().map(({ end }) => end);
    for (const { flow } of arms) flow.body.destroy(error as Error);
    await Promise.all(ends);
    throw left.length > 0 ? await firstError(left) : error;
  }
  if (alive().length === 0) {
    source.destroy();
    throw await firstError(ends);
  }
  hasEnded = true;
  for (const { flow } of alive()) flow.push(null);
  return ends;
}

/** @returns whether any branch is left. */
async function untilRoom<T>(alive: () => Arm<T>[]): Promise<boolean> {
  for (;;) {
    const left = alive();
    const full = left.filter(({ flow }) => flow.isFull);
    if (full.length === 0) return left.length > 0;
    await Promise.race(full.map(({ flow }) => flow.changed()));
  }
}

async function firstError<T>(ends: Promise<Taken<T>>[]): Promise<unknown> {
  for (const end of await Promise.all(ends)) {
    if ('error' in end) return end.error;
  }
  return new Error('no destination reads the stream any more');
}

function armOf<T>({ name, take, letGo }: Branch<T>, limit: number, signal: AbortSignal): Arm<T> {
  const flow = new Flow(limit);
  const stop = new AbortController();
  const gaveUp = Promise.withResolvers<T>();
  const taking = take(flow.body, AbortSignal.any([signal, stop.signal]));
  let isGivenUp = false;
  const giveUp = (error: unknown): void => {
    isGivenUp = true;
    gaveUp.reject(error);
    stop.abort(error);
    flow.body.destroy(error instanceof Error ? error : undefined);
  };
  const whole = taking.then(taken => {
    if (!flow.body.readableEnded) giveUp(new Error(`${name} stopped reading before the end`));
    if (!isGivenUp) return taken;
    letGo(taken);
    return gaveUp.promise;
  });
  whole.catch(error => flow.body.destroy(error instanceof Error ? error : undefined));
  const end = settled(Promise.race([whole, gaveUp.promise]));
  let isOver = false;
  void end.then(() => (isOver = true));
  return { ...{ flow, name, end, giveUp }, isOver: () => isOver, quietTicks: 0 };
}
