import type { IncrementalMode } from '../../archive/chain/chooseBase.ts';
import type { KeepRules } from '../retention/rules/keepRules.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { StartWish } from './startWish.ts';

/** A label or an annotation with a value that is not valid. */
export interface WishProblem {
  /** Name of the label or annotation, e.g. `backup` or `nkvm.io/schedule`. */
  key: string;
  setOn: 'claim' | 'namespace';
  setBy: 'label' | 'annotation';
  /** The value, cut to 100 characters. */
  value: string;
  /** The value and why it is not valid, for people. */
  message: string;
  hint: string;
}

/** Rules of retention, and where they are. */
export interface KeepWish {
  /** As it was written. */
  text: string;
  /** Null: the text is not valid. */
  rules: KeepRules | null;
  setOn: 'claim' | 'namespace';
}

/** Everything that labels and annotations of a claim and of its namespace say about its backups. */
export interface Wish {
  /** Null: nothing asks for backups, or the value is not valid, or it is `off`. */
  schedule: Schedule | null;
  /** The claim, or else its namespace, says `off`. */
  isOff: boolean;
  /** The schedule is suspended: no run starts. */
  suspended: boolean;
  /** The annotation `nkvm.io/keep`, claim before namespace; null: neither has it. */
  keep: KeepWish | null;
  /** ISO-8601, of the claim or else of its namespace: no archive is deleted before; null where there is none, and where the value is not valid: see `hasProblem`. */
  holdUntil: string | null;
  /** When its newest backup is restored for a check. */
  drill: Schedule | null;
  /** Null: a person has not decided. */
  start: StartWish | null;
  /** The annotation `nkvm.io/accept-change`: id of a backup. Null where there is none, and where the value is not an id. */
  acceptChange: string | null;
  /** The annotation `nkvm.io/incremental`, claim before namespace; null: neither has it. A value that is not valid is `off`. */
  incremental: IncrementalMode | null;
  /** Values that are not valid. */
  problems: readonly WishProblem[];
}

/** @returns whether the label or annotation `key` has a value that is not valid. */
export const hasProblem = ({ problems }: Pick<Wish, 'problems'>, key: string): boolean =>
  problems.some(problem => problem.key === key);
