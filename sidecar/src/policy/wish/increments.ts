import type { IncrementalMode } from '../../archive/chain/chooseBase.ts';
import type { Wish } from './wish.ts';

/** The part of a wish that decides whether backups are increments. */
export interface IncrementWish extends Pick<Wish, 'incremental'> {
  schedule: Pick<NonNullable<Wish['schedule']>, 'preset'> | null;
}

/** The annotation counts before the setting. @param usual the setting NKVM_INCREMENTAL */
export const incrementsOf = (
  { incremental, schedule }: IncrementWish,
  usual: IncrementalMode
): { mode: IncrementalMode; isHourly: boolean } => ({
  mode: incremental ?? usual,
  isHourly: schedule?.preset === 'hourly',
});

/** @returns whether scheduled backups of a volume are increments over a full archive. */
export function makesIncrements(wish: IncrementWish, usual: IncrementalMode): boolean {
  const { mode, isHourly } = incrementsOf(wish, usual);
  return mode === 'always' || (mode === 'hourly' && isHourly);
}
