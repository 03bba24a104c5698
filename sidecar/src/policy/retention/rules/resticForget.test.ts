import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initRepository, RESTIC, resticMissing } from '../../../../../tests/servers/restic.ts';
import { applyRules } from './applyRules.ts';
import type { KeepRules } from './keepRules.ts';
import { KEEP_PERIODS, keepText, spanText } from './keepRules.ts';

const exec = promisify(execFile);

/** A small generator of numbers, so that each failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Each history is a host of its own in one repository. */
const HISTORIES = 5;
const ROUNDS = 24;
const LONGEST = 10;

interface Forgotten {
  host: string;
  keep: { time: string }[] | null;
}

describe.skipIf(resticMissing)(resticMissing ?? 'the rules, and restic forget', () => {
  let dir = '';
  const env = () => ({
    ...process.env,
    RESTIC_REPOSITORY: join(dir, 'repository'),
    RESTIC_PASSWORD: 'x',
    RESTIC_CACHE_DIR: join(dir, 'cache'),
    TZ: 'UTC',
  });
  const restic = async (...args: string[]) =>
    (await exec(RESTIC, ['--json', '--quiet', ...args], { env: env(), cwd: dir })).stdout;
  const histories = Array.from({ length: HISTORIES }, (_, seed) => someTimes(numbers(seed + 1)));

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'restic-forget-'));
    writeFileSync(join(dir, 'file'), 'x');
    initRepository(join(dir, 'repository'), 'x');
    for (const [number, times] of histories.entries())
      for (const at of times)
        await restic('backup', '--host', `h${number}`, '--time', resticTime(at), '--force', 'file');
  }, 300_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  // Each call of restic looks at all histories.
  it('keep the same snapshots', async () => {
    const next = numbers(500);
    for (let round = 0; round < ROUNDS; round++) {
      const rules = someRules(next);
      const text = await restic(
        ...['forget', '--no-lock', '--dry-run', '--group-by', 'host', ...flagsOf(rules)]
      );
      const groups = new Map((JSON.parse(text) as Forgotten[]).map(one => [one.host, one]));
      histories.forEach((times, number) => {
        const kept = (groups.get(`h${number}`)?.keep ?? []).map(({ time }) => secondsOf(time));
        const ours = applyRules(
          times.map(at => ({ id: String(at.getTime()), at })),
          rules
        );
        expect(
          [...ours.keys()].map(id => Number(id) / 1000).sort((a, b) => a - b),
          `history ${number}, round ${round}: ${keepText(rules)}`
        ).toEqual(kept.sort((a, b) => a - b));
      });
    }
  }, 300_000);
});

/** Restic takes times in seconds, of its time zone. */
const resticTime = (at: Date): string => at.toISOString().slice(0, 19).replace('T', ' ');
const secondsOf = (time: string): number => Date.parse(time) / 1000;

/** Times across hours, days, weeks and years, the ends of months and leap days among them. */
function someTimes(next: (below: number) => number): Date[] {
  const steps = [1_200, 3_600, 43_200, 86_400, 3 * 86_400, 15 * 86_400, 120 * 86_400];
  let at = Date.UTC(2023 + next(2), next(12), 27 + next(5), next(24)) / 1000;
  return Array.from({ length: 4 + next(LONGEST - 3) }, () => {
    at += 1 + next(steps[next(steps.length)] ?? 1);
    return new Date(at * 1000);
  });
}

function someRules(next: (below: number) => number): KeepRules {
  const rules: KeepRules = {};
  if (next(3) === 0) rules.last = 1 + next(4);
  for (const name of KEEP_PERIODS) if (next(3) === 0) rules[name] = 1 + next(5);
  if (next(3) === 0 || Object.keys(rules).length === 0)
    rules.within = { years: next(2), months: next(3), days: 1 + next(30), hours: next(24) };
  return rules;
}

const flagsOf = ({ within, ...counts }: KeepRules): string[] => [
  ...Object.entries(counts).map(([name, count]) => `--keep-${name}=${count}`),
  ...(within ? [`--keep-within=${spanText(within)}`] : []),
];
