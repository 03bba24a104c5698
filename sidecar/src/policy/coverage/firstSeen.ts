import type { Claim } from '../../cluster/inventory/inventory.ts';

/**
 * From when on the slots of a claim count. Kubernetes does not say when a label was set or a schedule was resumed, and
 * neither makes anything overdue at once.
 */
export interface FirstSeen {
  /**
   * @param isScheduled whether it has a schedule that is not suspended
   * @param lastRequest when its newest backup was requested (ISO-8601)
   * @returns the last look at which it had no schedule. Where there was none: when its newest backup was requested, or the
   *   first look; for a claim that is younger than the first look at any claim, the time when it was made
   */
  since(
    claim: Pick<Claim, 'uid' | 'createdAt'>,
    isScheduled: boolean,
    lastRequest: string | undefined,
    now: number
  ): number;
  /** Forgets claims that are gone, at most once an hour. */
  forgetOthers(claims: () => readonly Pick<Claim, 'uid'>[], now: number): void;
}

const FORGET_MS = 3_600_000;

export function firstSeen(): FirstSeen {
  const seen = new Map<string, number>();
  let began: number | undefined;
  let forgotAt = -Infinity;
  return {
    since({ uid, createdAt }, isScheduled, lastRequest, now) {
      const start = (began ??= now);
      const known = isScheduled ? seen.get(uid) : now;
      const made = Date.parse(createdAt);
      const first = () => {
        if (made > start) return made;
        return lastRequest === undefined
          ? now
          : Math.max(made, Math.min(now, Date.parse(lastRequest)));
      };
      const since = known ?? first();
      seen.set(uid, since);
      return since;
    },

    forgetOthers(claims, now) {
      if (now - forgotAt < FORGET_MS) return;
      forgotAt = now;
      const there = new Set(claims().map(({ uid }) => uid));
      for (const uid of seen.keys()) if (!there.has(uid)) seen.delete(uid);
    },
  };
}
