import { z } from 'zod';
import type { Records } from '../../../history/durability/recordFile.ts';

/** The refusal of a destination, and the approval of a person. Both outlive the process. */
export const PlaceDecision = z.object({
  refused: z.object({ why: z.string(), at: z.iso.datetime() }).optional(),
  approved: z
    .object({
      removed: z.int(),
      /** Archives that may still go. */
      left: z.int(),
      /** It is being applied, or was when the process ended. */
      hasBegun: z.boolean(),
    })
    .optional(),
});
export type PlaceDecision = z.infer<typeof PlaceDecision>;

/** @returns where the decisions are, beside the history file. */
export const placeDecisionsPath = (historyPath: string): string => `${historyPath}.retention.json`;

/** Decisions about destinations that retention remembers. */
export interface PlaceDecisions {
  /** @returns why it refused to delete within the last day; null: it did not. */
  refusalOf(destination: string): string | null;
  refuse(destination: string, why: string): void;
  /**
   * @param removed archives that would go now
   * @returns the number that a person has approved; of an approval that was being applied when the process ended, `removed`
   *   where so many are left of it
   */
  approvedOf(destination: string, removed: number): number | null;
  approve(destination: string, removed: number): void;
  /** The approval is applied from now on, archive by archive; `end` when that is done. */
  begin(destination: string): void;
  deleted(destination: string): void;
  end(destination: string): void;
}

/** A destination that refuses is not asked again and again. */
const REFUSED_MS = 24 * 3_600_000;

export function placeDecisions(records: Records<PlaceDecision>, now: () => Date): PlaceDecisions {
  const change = (destination: string, part: PlaceDecision): void => {
    const next = { ...records.get(destination), ...part };
    const isEmpty = next.refused === undefined && next.approved === undefined;
    void records.set(destination, isEmpty ? undefined : next);
  };
  return {
    refusalOf(destination) {
      const refused = records.get(destination)?.refused;
      if (!refused) return null;
      // A time in the future is one of a wrong clock.
      const isOld = Math.abs(now().getTime() - Date.parse(refused.at)) >= REFUSED_MS;
      return isOld ? null : refused.why;
    },
    refuse: (destination, why) =>
      change(destination, { refused: { why, at: now().toISOString() } }),
    approvedOf(destination, removed) {
      const approved = records.get(destination)?.approved;
      if (!approved) return null;
      return approved.hasBegun ? Math.min(removed, approved.left) : approved.removed;
    },
    approve: (destination, removed) =>
      change(destination, { approved: { removed, left: removed, hasBegun: false } }),
    begin(destination) {
      const approved = records.get(destination)?.approved;
      if (approved) change(destination, { approved: { ...approved, hasBegun: true } });
    },
    deleted(destination) {
      const approved = records.get(destination)?.approved;
      if (approved) change(destination, { approved: { ...approved, left: approved.left - 1 } });
    },
    end(destination) {
      if (records.get(destination)?.approved) change(destination, { approved: undefined });
    },
  };
}
