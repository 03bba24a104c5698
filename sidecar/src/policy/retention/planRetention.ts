import type { RetentionHold, RetentionPlan } from '../../../api/index.ts';
import { applyRules, newestFirst } from './rules/applyRules.ts';
import type { KeepRules } from './rules/keepRules.ts';
import { keepText } from './rules/keepRules.ts';

/** An archive that the history has as present at the destination. */
export interface PlanArchive {
  /** Id of the run. */
  id: string;
  /** ISO-8601. */
  createdAt: string;
  bytes: number | null;
  /**
   * Why the rules do not apply to it: then it stays, and is not counted as one of the good archives that the rules and the floor
   * keep. Null: it is a good archive of a scheduled backup.
   */
  protectedBy: string | null;
  /** Why it must stay for now, although it counts as a good archive: it is in use. */
  neededBy: string | null;
  /** Of an increment: ids of the archives that it cannot be restored without. */
  needs?: readonly string[];
}

/** Facts about the archives of one line of a volume at one destination. */
export interface RetentionFacts {
  destination: string;
  /** In any order. */
  archives: readonly PlanArchive[];
  rules: KeepRules;
  /** So many of the newest good archives stay, whatever the rules are; at least 1. */
  floor: number;
  /** Why nothing is deleted. */
  hold: RetentionHold | null;
}

/**
 * Plans which archives go. It is a function of its arguments alone: the order of the archives and the time do not count.
 *
 * | the archive | |
 * | --- | --- |
 * | is not one of a scheduled backup, or its last check failed | stays, and keeps no other from staying |
 * | a rule keeps it | stays |
 * | is one of the newest good ones, up to the floor | stays |
 * | is in use | stays for now |
 * | an increment that stays needs it | stays |
 * | else | goes, unless there is a hold |
 */
export function planRetention(facts: RetentionFacts): RetentionPlan {
  const { destination, archives, rules, floor, hold } = facts;
  const dated = archives.map(archive => ({ ...archive, at: new Date(archive.createdAt) }));
  dated.sort(newestFirst);
  const good = dated.filter(({ protectedBy }) => protectedBy === null);
  const byRule = applyRules(good, rules);
  const least = Math.max(1, floor);
  const onFloor = new Set(good.slice(0, least).map(({ id }) => id));
  const planned: PlannedArchive[] = dated.map(({ id, createdAt, bytes, protectedBy, neededBy }) => {
    const reasons = [
      ...(protectedBy === null ? [] : [protectedBy]),
      ...(byRule.get(id) ?? []),
      ...(onFloor.has(id) ? [`one of the newest ${least} good archives`] : []),
      ...(neededBy === null ? [] : [neededBy]),
    ];
    const keep = reasons.length > 0;
    return {
      backup: id,
      createdAt,
      bytes,
      keep,
      reasons: keep ? reasons : ['no rule keeps it'],
    };
  });
  keepLinks(planned, new Map(dated.map(({ id, needs = [] }) => [id, needs])));
  const removed = planned.filter(({ keep }) => !keep);
  return {
    destination,
    keep: keepText(rules),
    kept: planned.length - removed.length,
    removed: removed.length,
    removedBytes: removed.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    hold,
    archives: planned,
  };
}

type PlannedArchive = RetentionPlan['archives'][number];

/** Keeps what an increment that stays needs. @param planned newest first: an increment comes before what it needs */
function keepLinks(planned: PlannedArchive[], needs: ReadonlyMap<string, readonly string[]>): void {
  const needed = new Map<string, string>();
  for (const archive of planned) {
    const by = needed.get(archive.backup);
    if (by !== undefined && !archive.keep)
      Object.assign(archive, { keep: true, reasons: [`backup ${by} needs it`] });
    if (!archive.keep) continue;
    // The newest one says why: those between need it, too, and stay because of it.
    for (const id of needs.get(archive.backup) ?? [])
      if (!needed.has(id)) needed.set(id, archive.backup);
  }
}
