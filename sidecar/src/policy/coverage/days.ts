import type { BackupStatus, PolicyDay } from '../../../api/index.ts';
import type { Overdue, Slots } from './slots.ts';
import { graceMs } from './slots.ts';

/** The number of days that are shown. */
export const DAYS = 30;

const DAY_MS = 24 * 3_600_000;

/** One look counts no more slots, the newest: those of 30 days of a schedule that runs every 20 minutes. */
const MAX_SLOTS = 2_160;

/** A backup of the volume. */
export interface DayRun {
  /** ISO-8601. */
  createdAt: string;
  status: BackupStatus;
}

export interface DayFacts {
  /** Backups of the last 30 days, in any order. */
  runs: readonly DayRun[];
  /** Null: no slot can be missed. */
  slots: Slots | null;
  /** From when on slots count, in milliseconds since 1970; null: none has been missed. */
  countsFrom: number | null;
  overdue: Overdue | null;
  now: number;
}

/** @returns the beginning of the first day that is shown, in milliseconds since 1970. */
export const firstDay = (now: number): number => startOfDay(now) - (DAYS - 1) * DAY_MS;

/**
 * Counts a run on the day of its request, and a slot on its own day, in UTC. A slot is missed when its grace has ended and
 * no run was requested between it and the next one.
 * @returns 30 days, oldest first; the last is today. The worst of a day is its state: `overdue`, `failed`, `missed`, `good`
 */
export function daysOf({ runs, slots, countsFrom, overdue, now }: DayFacts): PolicyDay[] {
  const first = firstDay(now);
  const days = Array.from({ length: DAYS }, (_, at) => ({
    date: new Date(first + at * DAY_MS).toISOString().slice(0, 10),
    good: 0,
    failed: 0,
    missed: 0,
  }));
  const dayOf = (ms: number) => days[Math.floor((ms - first) / DAY_MS)];
  for (const { createdAt, status } of runs) {
    const day = dayOf(Date.parse(createdAt));
    if (day && status === 'success') day.good += 1;
    if (day && status === 'failed') day.failed += 1;
  }
  if (slots && countsFrom !== null) {
    for (const slot of missedSlots(runs, slots, Math.max(first - 1, countsFrom), now)) {
      const day = dayOf(slot);
      if (day) day.missed += 1;
    }
  }
  return days.map((day, at) => ({
    ...day,
    state: stateOf(day, overdue !== null && first + (at + 1) * DAY_MS > overdue.since),
  }));
}

function stateOf(
  { good, failed, missed }: Omit<PolicyDay, 'state' | 'date'>,
  isOverdue: boolean
): PolicyDay['state'] {
  if (isOverdue) return 'overdue';
  if (failed > 0) return 'failed';
  if (missed > 0) return 'missed';
  return good > 0 ? 'good' : 'none';
}

/** @param after slots from here on count */
function missedSlots(
  runs: readonly DayRun[],
  slots: Slots,
  after: number,
  now: number
): readonly number[] {
  const requested = runs.map(({ createdAt }) => Date.parse(createdAt)).sort((a, b) => a - b);
  const missed: number[] = [];
  let at = 0;
  let slot = slots.nextAfter(Math.max(after, now - MAX_SLOTS * intervalMs(slots, now)));
  for (let seen = 0; slot !== null && slot < now && seen < MAX_SLOTS; seen += 1) {
    const next = slots.nextAfter(slot);
    if (slot + graceMs(slot, next) > now) break;
    while (at < requested.length && (requested[at] ?? 0) < slot) at += 1;
    const run = requested[at];
    if (run === undefined || run >= (next ?? now)) missed.push(slot);
    slot = next;
  }
  return missed;
}

/** @returns the time between the next two slots; the longest that matters where there are none. */
function intervalMs(slots: Slots, now: number): number {
  const next = slots.nextAfter(now);
  const second = next === null ? null : slots.nextAfter(next);
  return next === null || second === null ? DAY_MS : second - next;
}

const startOfDay = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;

/** @returns the next times of a schedule. */
export function upcomingOf(slots: Slots, now: number, count = 5): string[] {
  const times: string[] = [];
  let at: number | null = now;
  while (times.length < count) {
    at = slots.nextAfter(at);
    if (at === null) return times;
    times.push(new Date(at).toISOString());
  }
  return times;
}
