import { setImmediate as otherWork } from 'node:timers/promises';
import type { Claim, Inventory } from '../../cluster/inventory/inventory.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import type { StageError } from '../../errors.ts';
import { textOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Wish } from '../wish/wish.ts';
import type { WishSettings } from '../wish/wishOf.ts';
import { wishOf } from '../wish/wishOf.ts';
import { clockWatch } from './clockWatch.ts';
import type { PastRuns, Planned } from './planned.ts';
import { decide, plan, scheduleOf } from './planned.ts';

/** Asks for the runs of claims. @returns the refusals. */
export type StartScheduled = (
  claims: readonly Claim[]
) => Promise<{ claim: Claim; error: StageError }[]>;

export interface SchedulerOptions {
  inventory: Pick<Inventory, 'claim' | 'claims' | 'namespace' | 'namespaces' | 'isReady'>;
  history: PastRuns;
  settings: WishSettings;
  start: Readonly<Record<Planned['purpose'], StartScheduled>>;
  /** @returns why no run may be asked for now; undefined: runs may be. */
  held(): string | undefined;
  /** The first restore of a claim has no verdict: the claim is not backed up. */
  isHeld(claim: Claim): boolean;
  now(): Date;
  /** Milliseconds that never go back. */
  elapsed(): number;
  log: Pick<Log, 'info' | 'warn'>;
  /** Called when labels or annotations change, where a value is not valid; and for each reason that does not pass by itself. */
  onProblem?(claim: Claim, wish: Wish): void;
  onRefused?(claim: Claim, purpose: Planned['purpose'], error: StageError): void;
}

/** Starts runs by the labels and annotations of claims. */
export interface Scheduler {
  /** Asks for the runs that are due. Looks do not overlap. Never throws. */
  look(): Promise<void>;
  /** @returns when the next backup of a claim starts by itself, as far as it is known. */
  nextRunAt(namespace: string, name: string): Date | null;
}

/** The plans of one claim. They are worked out again from the cluster and the history after a restart. */
interface Known {
  uid: string;
  labels: Claim['labels'];
  notes: Claim['policyNotes'];
  inherits: NamespaceFact | undefined;
  plans: Planned[];
  lookedAt: number;
}

/** Other work, e.g. requests, does not wait longer. */
const SLICE_MS = 15;
/** Runs that one look asks for; the others are asked for by the next. */
const MOST_AT_ONCE = 200;
/** Runs that are asked for in one change of the history, between which other work has its turn. */
const TOGETHER = 20;
const REFUSED_PAUSE_MS = 60_000;
/** The queue has taken the request, and the history says so when it is looked at again. */
const TAKEN_PAUSE_MS = 30_000;

export function scheduler(options: SchedulerOptions): Scheduler {
  const { inventory, history, settings, start, log } = options;
  const known = new Map<string, Known>();
  const clock = clockWatch();
  let looks = 0;
  let activeSince = 0;
  let isLooking = false;

  /** @returns the claim with its plans, worked out again where labels or annotations have changed. */
  const knownOf = (claim: Claim, namespace: NamespaceFact | undefined, now: number): Known => {
    const id = `${claim.namespace}/${claim.name}`;
    const before = known.get(id);
    const { uid, labels, policyNotes: notes } = claim;
    if (
      before?.uid === uid &&
      before.labels === labels &&
      before.notes === notes &&
      before.inherits === namespace
    ) {
      before.lookedAt = looks;
      return before;
    }
    const wish = wishOf(claim, namespace, settings);
    if (wish.problems.length > 0) options.onProblem?.(claim, wish);
    const earlier = before?.uid === uid ? before : undefined;
    const plans = (['backup', 'drill'] as const).flatMap(purpose => {
      const schedule = scheduleOf(wish, purpose);
      if (!schedule) return [];
      const same = earlier?.plans.find(each => each.purpose === purpose);
      if (same?.schedule.cron === schedule.cron && same.schedule.timeZone === schedule.timeZone)
        return [{ ...same, schedule }];
      const key = { ...settings, namespace: claim.namespace, name: claim.name };
      return [plan(purpose, schedule, claim, { key, isNew: earlier !== undefined, now })];
    });
    const entry = { uid, labels, notes, inherits: namespace, plans, lookedAt: looks };
    known.set(id, entry);
    return entry;
  };

  /** @returns the claims with a run that is due. */
  const dueNow = async (now: number): Promise<{ claim: Claim; planned: Planned }[]> => {
    const due: { claim: Claim; planned: Planned }[] = [];
    let sliceEnds = options.elapsed() + SLICE_MS;
    for (const name of inventory.namespaces()) {
      const namespace = inventory.namespace(name);
      for (const claim of inventory.claims(name)) {
        for (const planned of knownOf(claim, namespace, now).plans) {
          if (now < planned.checkAt || claim.terminating || options.isHeld(claim)) continue;
          const decided = decide(planned, claim, history, { activeSince, now });
          if (decided.do === 'wait') planned.checkAt = decided.at ?? Infinity;
          else if (due.length < MOST_AT_ONCE) due.push({ claim, planned });
        }
        if (options.elapsed() < sliceEnds) continue;
        await otherWork();
        sliceEnds = options.elapsed() + SLICE_MS;
      }
    }
    return due;
  };

  const settle = (planned: Planned, now: number, claim: Claim, error: StageError | undefined) => {
    if (!error) {
      planned.blocked = null;
      planned.checkAt = now + TAKEN_PAUSE_MS;
      return;
    }
    const isKnown = planned.blocked === error.reason || error.class === 'transient';
    if (!isKnown) options.onRefused?.(claim, planned.purpose, error);
    planned.blocked = error.reason;
    // Tried again at its own time in the window: when a namespace is opened, not all of its claims start at once.
    planned.readySince = now;
    planned.checkAt = now + REFUSED_PAUSE_MS;
  };

  const startDue = async (now: number): Promise<void> => {
    const due = await dueNow(now);
    for (const purpose of ['backup', 'drill'] as const) {
      const of = due.filter(({ planned }) => planned.purpose === purpose);
      if (of.length === 0) continue;
      let started = 0;
      for (let at = 0; at < of.length; at += TOGETHER) {
        const some = of.slice(at, at + TOGETHER);
        const refused = await start[purpose](some.map(({ claim }) => claim));
        const errors = new Map(refused.map(({ claim, error }) => [claim, error]));
        for (const { claim, planned } of some) settle(planned, now, claim, errors.get(claim));
        started += some.length - refused.length;
        await otherWork();
      }
      if (started > 0) log.info({ count: started }, `asked for scheduled runs of kind ${purpose}`);
    }
  };

  const forgetGone = (): void => {
    for (const [id, { lookedAt }] of known) if (lookedAt !== looks) known.delete(id);
  };

  const look = async (): Promise<void> => {
    const now = options.now().getTime();
    const hasPaused = clock.hasPausedOrStepped(now, options.elapsed());
    if (!inventory.isReady() || options.held() !== undefined) {
      activeSince = 0;
      return;
    }
    if (hasPaused || activeSince === 0) {
      activeSince = now;
      for (const { plans } of known.values()) for (const planned of plans) planned.checkAt = 0;
    }
    looks += 1;
    await startDue(now);
    forgetGone();
  };

  return {
    async look() {
      if (isLooking) return;
      isLooking = true;
      try {
        await look();
      } catch (error) {
        log.warn(
          {},
          `scheduled runs could not be requested, and NKVM tries again: ${textOf(error)}`
        );
      } finally {
        isLooking = false;
      }
    },

    nextRunAt(namespace, name) {
      const planned = known
        .get(`${namespace}/${name}`)
        ?.plans.find(({ purpose }) => purpose === 'backup');
      const claim = planned && inventory.claim(namespace, name);
      if (!claim) return null;
      const now = options.now().getTime();
      const since = activeSince === 0 ? now : activeSince;
      const decided = decide(planned, claim, history, { activeSince: since, now });
      if (decided.do === 'run') return new Date(now);
      return decided.at === null ? null : new Date(decided.at);
    },
  };
}
