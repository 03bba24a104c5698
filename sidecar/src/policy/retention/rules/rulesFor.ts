import { HOLD_UNTIL_ANNOTATION, KEEP_ANNOTATION } from '../../../../api/index.ts';
import type { Wish } from '../../wish/wish.ts';
import type { KeepRules } from './keepRules.ts';
import { parseKeep } from './keepRules.ts';

/** Rules for the archives of a claim at one destination, or why there are none. */
export interface FoundRules {
  rules: KeepRules;
  invalid: { message: string; hint: string } | null;
}

/** Facts that decide which rules count. */
export interface RuleFacts {
  wish: Pick<Wish, 'schedule' | 'keep' | 'problems'>;
  destination: string;
  /** The annotation `nkvm.io/keep` of the destination's Secret. */
  keepOfPlace: string | undefined;
  /** The setting `NKVM_KEEP`. */
  usual: KeepRules;
}

/**
 * | rules | count |
 * | --- | --- |
 * | of the claim, or else of its namespace | always |
 * | of the Secret of the destination, or else the setting | only for a claim with a schedule |
 * | none | everything is kept |
 *
 * A text that is not valid is never replaced by other rules: nobody knows which archives it was meant to keep.
 */
export function rulesFor({ wish, destination, keepOfPlace, usual }: RuleFacts): FoundRules {
  const problem = wish.problems.find(
    ({ key }) => key === KEEP_ANNOTATION || key === HOLD_UNTIL_ANNOTATION
  );
  if (problem) return { rules: wish.keep?.rules ?? {}, invalid: problem };
  if (wish.keep) return { rules: wish.keep.rules ?? {}, invalid: null };
  if (!wish.schedule) return { rules: {}, invalid: null };
  if (keepOfPlace === undefined) return { rules: usual, invalid: null };
  const parsed = parseKeep(keepOfPlace);
  if ('rules' in parsed) return { rules: parsed.rules, invalid: null };
  return {
    rules: {},
    invalid: {
      message: `annotation ${KEEP_ANNOTATION} of the Secret of destination ${destination} is not valid: ${parsed.problem}`,
      hint: 'correct the annotation; until then nothing is deleted at this destination',
    },
  };
}
