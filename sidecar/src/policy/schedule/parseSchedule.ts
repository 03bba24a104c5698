import { textOf } from '../../errors.ts';
import { runsEver } from './runsEver.ts';
import type { Preset, Schedule, ScheduleKey } from './schedule.ts';
import { PRESETS } from './schedule.ts';
import { cronOf, presetTime } from './spread.ts';
import { isTimeZone } from './timeZone.ts';

/** Why a value is not a schedule, and examples of ones that are. */
export interface NoSchedule {
  message: string;
  hint: string;
}

export interface ScheduleSource {
  key: ScheduleKey;
  purpose: 'backup' | 'drill';
  /** IANA name; of values that name none. */
  timeZone: string;
  setOn: 'claim' | 'namespace';
  setBy: 'label' | 'annotation';
}

const LONGEST = 256;

const HINT =
  'use hourly, daily, weekly or monthly, or five fields of cron such as `30 2 * * *`, after a time zone where one is needed: `TZ=Europe/Berlin 30 2 * * *`';

/** Other tools have them. The time of each is that of the preset: not all volumes at midnight. */
const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ...PRESETS.map(preset => [`@${preset}`, preset] as const),
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

/** @returns the schedule of the value of a label or annotation, or why it is not one. */
export function parseSchedule(text: string, source: ScheduleSource): Schedule | NoSchedule {
  const { key, purpose, setOn, setBy } = source;
  if (text.length > LONGEST)
    return { message: `it is longer than ${LONGEST} characters`, hint: HINT };
  const [, zone, rest = ''] = /^(?:(?:CRON_)?TZ=(\S*)\s+)?(.*)$/s.exec(text.trim()) ?? [];
  const timeZone = zone ?? source.timeZone;
  if (!isTimeZone(timeZone))
    return { message: `there is no time zone ${shown(timeZone)}`, hint: ZONE_HINT };
  const written = NICKNAMES.get(rest) ?? rest;
  const of = { text, timeZone, setOn, setBy };
  if (isPreset(written))
    return { ...of, cron: cronOf(presetTime(written, key, purpose)), preset: written };
  const fields = written.trim().split(/\s+/);
  const problem = problemOf(fields);
  return problem === undefined
    ? { ...of, cron: fields.join(' '), preset: null }
    : { message: problem, hint: HINT };
}

const ZONE_HINT = 'use an IANA name such as Europe/Berlin or UTC';

/** @returns why the fields are not a cron that runs; undefined: they are. */
function problemOf(fields: readonly string[]): string | undefined {
  if (fields.length !== 5) {
    const count = fields[0] === '' ? 0 : fields.length;
    return `cron has five fields (minute, hour, day of month, month, day of week), and this has ${count}`;
  }
  // croner puts the present time in the place of it, so that each look would see another schedule.
  if (fields.some(field => field.includes('?'))) return '`?` has no meaning in this cron';
  try {
    if (runsEver(fields.join(' '))) return undefined;
    return 'this cron never runs: no such date exists';
  } catch (error) {
    return `this is not a cron: ${textOf(error).replace(/^Cron(Pattern)?: /, '')}`;
  }
}

const isPreset = (text: string): text is Preset => (PRESETS as readonly string[]).includes(text);

const shown = (text: string): string => JSON.stringify(text.slice(0, 100));
