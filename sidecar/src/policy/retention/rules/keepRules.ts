/** The periods that a rule can count, shortest first. */
export const KEEP_PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type KeepPeriod = (typeof KEEP_PERIODS)[number];

/** A length of time as restic has it: months and years are those of the calendar. */
export interface KeepSpan {
  years: number;
  months: number;
  days: number;
  hours: number;
}

/**
 * Which archives stay: every one that one of the rules keeps. The meaning of each is that of `restic forget --keep-…`
 * (https://restic.readthedocs.io/en/v0.18.1/060_forget.html). Without any rule, all stay.
 */
export interface KeepRules {
  last?: number;
  hourly?: number;
  daily?: number;
  weekly?: number;
  monthly?: number;
  yearly?: number;
  within?: KeepSpan;
}

/** The rules in a text, or why it has none. */
export type ParsedKeep = { rules: KeepRules } | { problem: string };

/** The text that keeps everything. */
const KEEP_ALL = 'all';

const COUNTS = ['last', ...KEEP_PERIODS] as const;
const MAX_COUNT = 100_000;
const MAX_TEXT = 200;
const SPAN = /^(?:(\d{1,4})y)?(?:(\d{1,4})m)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?$/;

/**
 * Reads rules such as `last=3,hourly=24,within=14d`: names and values, separated by commas or spaces, each name once.
 * `all` keeps everything. A span is written as for restic, e.g. `1y2m3d4h`: `m` is months.
 * @returns the rules, or a sentence that says which part is wrong and what it takes
 */
export function parseKeep(text: string): ParsedKeep {
  const wanted = text.trim();
  if (wanted === KEEP_ALL) return { rules: {} };
  if (wanted === '' || wanted.length > MAX_TEXT)
    return { problem: `the rules take a text such as last=3,daily=7, or ${KEEP_ALL}` };
  const rules: KeepRules = {};
  for (const part of wanted.split(/\s*,\s*|\s+/)) {
    const [, name = '', value = ''] = /^([a-z]+)=(.+)$/.exec(part) ?? [];
    if (Object.hasOwn(rules, name)) return { problem: `${name} is there twice` };
    if (name === 'within') {
      const within = spanIn(value);
      if (!within) return { problem: 'within takes a span such as 14d or 1y2m3d4h' };
      rules.within = within;
      continue;
    }
    const count = COUNTS.find(each => each === name);
    if (!count)
      return {
        problem: `${JSON.stringify(part.slice(0, 40))} is not one of ${COUNTS.join(
          '=N, '
        )}=N, within=SPAN`,
      };
    if (!/^\d{1,6}$/.test(value) || Number(value) < 1 || Number(value) > MAX_COUNT)
      return { problem: `${count} takes a whole number from 1 to ${MAX_COUNT}` };
    rules[count] = Number(value);
  }
  return { rules };
}

function spanIn(text: string): KeepSpan | undefined {
  const found = text === '' ? undefined : SPAN.exec(text);
  if (!found) return undefined;
  const [years = 0, months = 0, days = 0, hours = 0] = found
    .slice(1)
    .map(part => Number(part ?? 0));
  return years + months + days + hours > 0 ? { years, months, days, hours } : undefined;
}

/** @returns the span as `parseKeep` reads it. */
export const spanText = ({ years, months, days, hours }: KeepSpan): string =>
  [
    [years, 'y'],
    [months, 'm'],
    [days, 'd'],
    [hours, 'h'],
  ]
    .filter(([count]) => count !== 0)
    .map(part => part.join(''))
    .join('');

/** @returns the rules as `parseKeep` reads them; '' where everything is kept. */
export const keepText = (rules: KeepRules): string =>
  [
    ...COUNTS.flatMap(name => (rules[name] === undefined ? [] : [`${name}=${rules[name]}`])),
    ...(rules.within ? [`within=${spanText(rules.within)}`] : []),
  ].join(',');

/** @returns whether the rules keep everything. */
export const keepsAll = (rules: KeepRules): boolean => keepText(rules) === '';
