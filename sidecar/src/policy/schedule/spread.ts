import { createHash } from 'node:crypto';
import type { Preset, ScheduleKey } from './schedule.ts';

/** Runs of these purposes have times of their own. */
export type Purpose = 'backup' | 'drill' | 'make-up';

/**
 * @returns a number from 0 to below 1 that stays the same for a claim name in a cluster, and is evenly spread over names.
 */
export function fractionOf({ clusterUid, namespace, name }: ScheduleKey, purpose: Purpose): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([clusterUid, namespace, name, purpose]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** The time of a preset: of the fields, those that the preset uses. */
export interface PresetTime {
  preset: Preset;
  minute: number;
  hour: number;
  /** 0 is Sunday. */
  weekday: number;
  /** 1 to 28: each month has it. */
  dayOfMonth: number;
}

/** @returns the time that a preset has for a claim: any minute of the hour, day, week or month. */
export function presetTime(
  preset: Preset,
  key: ScheduleKey,
  purpose: Exclude<Purpose, 'make-up'>
): PresetTime {
  const fraction = fractionOf(key, purpose);
  const minutesOfDay = Math.floor(fraction * 24 * 60);
  // The day follows from digits of the fraction that the minute has not used.
  const rest = fraction * 24 * 60 - minutesOfDay;
  return {
    preset,
    minute: minutesOfDay % 60,
    hour: Math.floor(minutesOfDay / 60),
    weekday: Math.floor(rest * 7),
    dayOfMonth: 1 + Math.floor(rest * 28),
  };
}

/** @returns the five fields of cron. */
export function cronOf({ preset, minute, hour, weekday, dayOfMonth }: PresetTime): string {
  switch (preset) {
    case 'hourly':
      return `${minute} * * * *`;
    case 'daily':
      return `${minute} ${hour} * * *`;
    case 'weekly':
      return `${minute} ${hour} * * ${weekday}`;
    case 'monthly':
      return `${minute} ${hour} ${dayOfMonth} * *`;
  }
}
