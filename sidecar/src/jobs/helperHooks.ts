import type { Backup, Stage } from '../../api/index.ts';
import { textOf } from '../errors.ts';
import { DeferredError } from '../helper/deferredError.ts';
import type { Helper } from '../helper/helper.ts';
import type { HelperUse } from '../helper/withHelper.ts';
import type { StageClock } from './stageClock.ts';

/** The facts about its helper that a run keeps. */
export interface HelperRecord {
  helper?: NonNullable<Backup['helper']>;
  /** Deletions that go on beside the run: why each failed, or undefined. They never reject. */
  closing: Promise<string | undefined>[];
}

export interface HelperHooks {
  attempt: HelperRecord;
  clock: StageClock;
  signal: AbortSignal;
  image: string;
  /** Takes what the record tells of the helper. */
  tell(helper: NonNullable<Backup['helper']>): void;
  /** Takes what the helper waits for, a sentence; empty: it has got it. */
  say(note: string): void;
  /** @returns the error in words for people; what became of the pod says more than a broken stream. */
  explain(error: unknown, stage: Stage, helper: Helper): Promise<unknown>;
}

/** @returns what the record tells of a helper, and how its end is explained. */
export const helperHooks = ({
  attempt,
  clock,
  signal,
  image,
  tell,
  say,
  explain,
}: HelperHooks): Omit<HelperUse, 'signal'> => ({
  onCreated({ pod }, node) {
    tell({ pod, node, image });
    clock.enter('wait');
  },
  onWaiting({ pod }, { note, node }) {
    if (node !== null && node !== attempt.helper?.node) tell({ pod, node, image });
    say(note);
  },
  onReady({ pod }, node) {
    tell({ pod, node, image });
    say('');
  },
  async explain(error: unknown, helper: Helper) {
    if (signal.aborted && !(signal.reason instanceof Error)) return error; // cancelled: nothing to explain
    if (signal.reason instanceof DeferredError) return signal.reason; // a pod waits until the helper is gone
    const why = signal.aborted ? error : await explain(error, clock.current() ?? 'wait', helper);
    const lastWords = await helper.lastOutput();
    if (attempt.helper && lastWords !== undefined) tell({ ...attempt.helper, lastWords });
    return why;
  },
  closing: gone => attempt.closing.push(gone.then(() => undefined, textOf)),
});
