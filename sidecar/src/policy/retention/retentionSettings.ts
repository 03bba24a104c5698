import type { KeepRules } from './rules/keepRules.ts';

/** Settings of retention. */
export interface RetentionSettings {
  /** Of claims with a schedule that no annotation gives rules. */
  keep: KeepRules;
  /** Of claims that are gone. */
  keepDeleted: KeepRules;
  /** So many of the newest good archives of a volume stay at a destination. */
  floor: number;
  maxSharePercent: number;
}
