import { Cron } from 'croner';
import type { Preset } from './schedule.ts';

/**
 * The times that a clock on a wall shows when runs are due, without a time zone: each is the milliseconds that
 * `Date.UTC` has for what the clock shows.
 */
export interface Walls {
  /** @returns the first one after `wall`; null: there is none. */
  next(wall: number): number | null;
  /** @returns the last one that is not after `wall`; null: there is none. */
  last(wall: number): number | null;
  /** They are due in every hour, so that an hour which comes twice has them twice. */
  isEveryHour: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A cron of one number for each field that a preset uses; a `Cron` of croner takes 80 KB, and 0.1 ms to make. */
const SIMPLE = /^(\d+) (\*|\d+) (\*|\d+) \* (\*|\d+)$/;

/**
 * @param cron five fields, checked by `parseCron`
 * @param preset null: written by a person
 */
export function wallsOf(cron: string, preset: Preset | null): Walls {
  const [, minute, hour, day, weekday] = preset === null ? [] : SIMPLE.exec(cron) ?? [];
  return preset !== null && minute !== undefined
    ? wallsOfPreset(preset, Number(minute), Number(hour), Number(day), Number(weekday))
    : wallsOfCron(cron);
}

function wallsOfCron(cron: string): Walls {
  const pattern = cronerOf(cron);
  return {
    next: wall => pattern.nextRun(new Date(wall))?.getTime() ?? null,
    // croner looks before a second, and not at it.
    last: wall => pattern.previousRuns(1, new Date(wall + 1_000))[0]?.getTime() ?? null,
    isEveryHour: /^\S+\s+(\*|\*\/1)\s/.test(cron),
  };
}

/** croner sees each time as UTC, which has no daylight saving: that is added in slots.ts. @throws Error for a wrong pattern. */
const cronerOf = (cron: string): Cron =>
  new Cron(cron, { timezone: 'UTC', paused: true, mode: '5-part' });

function wallsOfPreset(
  preset: Preset,
  minute: number,
  hour: number,
  day: number,
  weekday: number
): Walls {
  /** @returns the one in the period that `wall` is in, or in another period before or after that. */
  const inPeriod = (wall: number, away: number): number => {
    const date = new Date(wall);
    const [year, month, ofMonth] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
    const ofDay = hour * HOUR + minute * MINUTE;
    switch (preset) {
      case 'hourly':
        return Math.floor(wall / HOUR) * HOUR + away * HOUR + minute * MINUTE;
      case 'daily':
        return Date.UTC(year, month, ofMonth + away) + ofDay;
      case 'weekly':
        return Date.UTC(year, month, ofMonth - date.getUTCDay() + weekday) + away * 7 * DAY + ofDay;
      case 'monthly':
        return Date.UTC(year, month + away, day) + ofDay;
    }
  };
  return {
    next: wall => [0, 1].map(away => inPeriod(wall, away)).find(each => each > wall) ?? null,
    last: wall => [0, -1].map(away => inPeriod(wall, away)).find(each => each <= wall) ?? null,
    isEveryHour: preset === 'hourly',
  };
}
