import { Readable } from 'node:stream';
import { sizeText } from '../../destinations/size.ts';
import { StageError } from '../../errors.ts';

/** How far one of several takers of a stream has come. */
export interface Pace {
  /** Bytes that it has taken. */
  taken: number;
  /** The same at the beginning of the window. */
  before: number;
  /** Bytes that wait for it. */
  buffered: number;
  /** Its buffer is full: the others wait for it. */
  isFull: boolean;
}

/**
 * Decides which takers are too slow for the others:
 *
 * | a taker | | |
 * | --- | --- | --- |
 * | has a full buffer, and took less than `leastBytes` in the window | another one has room | dropped |
 * | the same | all are full | stays: it is not the one that holds the others up |
 * | took nothing of what is left, at the end of the stream | | dropped |
 * | any other | | stays |
 *
 * @returns their places in the list
 */
export function tooSlow(
  paces: readonly Pace[],
  { leastBytes, hasEnded }: { leastBytes: number; hasEnded: boolean }
): number[] {
  const isAwaited = paces.some(({ isFull }) => !isFull);
  return paces.flatMap(({ taken, before, buffered, isFull }, place) => {
    const took = taken - before;
    const isSlow = hasEnded ? buffered > 0 && took === 0 : isFull && isAwaited && took < leastBytes;
    return isSlow ? [place] : [];
  });
}

/** The stream that one of several takers gets, with a buffer of its own. */
export class Flow {
  readonly body: Readable;
  readonly #limit: number;
  #pushed = 0;
  #wake: (() => void) | undefined;
  /** Bytes taken at the last ticks, oldest first. */
  readonly #taken: number[] = [];

  /** @param limit bytes that may wait for the taker */
  constructor(limit: number) {
    this.#limit = limit;
    this.body = new Readable({
      highWaterMark: limit,
      read: () => this.#change(),
      destroy: (error, done) => {
        this.#change();
        done(error);
      },
    });
    this.body.on('error', () => undefined); // whoever takes it has it as well
  }

  push(chunk: Buffer | null): void {
    this.#pushed += chunk?.length ?? 0;
    this.body.push(chunk);
  }

  get isFull(): boolean {
    return this.body.readableLength >= this.#limit;
  }

  get isGone(): boolean {
    return this.body.destroyed;
  }

  /** @returns when it may have room, or is gone. */
  changed(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve));
  }

  /** @param ticks how many make a window @returns its pace; undefined before the first window is over */
  tick(ticks: number): Pace | undefined {
    const buffered = this.body.readableLength;
    const taken = this.#pushed - buffered;
    const [before] = this.#taken;
    this.#taken.push(taken);
    if (this.#taken.length <= ticks || before === undefined) return undefined;
    this.#taken.shift();
    return { taken, before, buffered, isFull: this.isFull };
  }

  #change(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** @returns the problem that a destination is so slow that the others wait for it. */
export const stalled = (
  name: string,
  { taken, before }: Pick<Pace, 'taken' | 'before'>,
  windowMs: number
): StageError =>
  new StageError(
    'copy',
    'DestinationStalled',
    `destination ${name} took ${
      taken === before ? 'nothing' : `only ${sizeText(taken - before)}`
    } in ${windowMs / 1000} s while the other destinations waited for it`,
    'check its server and the network; the copy is made later from another destination',
    'transient'
  );
