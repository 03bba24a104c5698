import { textOf } from '../errors.ts';
import type { Helper } from '../helper/helper.ts';
import type { HelperUse } from '../helper/withHelper.ts';
import type { StageClock } from '../jobs/stageClock.ts';
import type { RestoreAttempt } from './attempt.ts';
import { explain } from './explain.ts';

/** What a restore or a drill keeps of its helper. */
export interface HelperHooks {
  attempt: Pick<RestoreAttempt, 'helper' | 'closing'>;
  clock: StageClock;
  signal: AbortSignal;
  image: string;
  /** Takes what the record tells of the helper. */
  tell(helper: NonNullable<RestoreAttempt['helper']>): void;
}

/** @returns what the record tells of a helper, and how its end is explained. */
export const helperHooks = ({
  attempt,
  clock,
  signal,
  image,
  tell,
}: HelperHooks): Omit<HelperUse, 'signal'> => ({
  onCreated({ pod }, node) {
    tell({ pod, node, image });
    clock.enter('wait');
  },
  onReady: ({ pod }, node) => tell({ pod, node, image }),
  async explain(error: unknown, helper: Helper) {
    if (signal.aborted && !(signal.reason instanceof Error)) return error; // cancelled
    const why = signal.aborted ? error : await explain(error, clock.current() ?? 'wait', helper);
    const lastWords = await helper.lastOutput();
    if (attempt.helper && lastWords !== undefined) tell({ ...attempt.helper, lastWords });
    return why;
  },
  closing: gone => attempt.closing.push(gone.then(() => undefined, textOf)),
});
