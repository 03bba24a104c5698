import { describe, expect, it } from 'vitest';
import type { PlanArchive, RetentionFacts } from './planRetention.ts';
import { planRetention } from './planRetention.ts';
import type { KeepRules } from './rules/keepRules.ts';
import { parseKeep } from './rules/keepRules.ts';

/** A small generator of numbers, so that each failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const START = Date.UTC(2026, 9, 20);
const archive = (at: number, rest: Partial<PlanArchive> = {}): PlanArchive => ({
  id: `run-${String(at).padStart(16, '0')}`,
  createdAt: new Date(at).toISOString(),
  bytes: 10,
  protectedBy: null,
  neededBy: null,
  ...rest,
});

const rulesOf = (text: string): KeepRules => {
  const parsed = parseKeep(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.rules;
};

function someRules(next: (below: number) => number): KeepRules {
  const rules: KeepRules = {};
  for (const name of ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const)
    if (next(2) === 0) rules[name] = 1 + next(6);
  if (next(4) === 0 || Object.keys(rules).length === 0)
    rules.within = { years: 0, months: next(2), days: 1 + next(20), hours: next(24) };
  return rules;
}

function someFacts(seed: number): RetentionFacts {
  const next = numbers(seed);
  const steps = [600_000, 3_600_000, 86_400_000, 7 * 86_400_000, 31 * 86_400_000];
  let at = START;
  const archives = Array.from({ length: next(40) }, () => {
    at += 1 + next(steps[next(steps.length)] ?? 1);
    return archive(at, {
      protectedBy: next(8) === 0 ? 'a person asked for it' : null,
      neededBy: next(12) === 0 ? 'restore r1 reads it' : null,
    });
  });
  if (next(2) === 0) chain(archives, next);
  return { destination: 'local', archives, rules: someRules(next), floor: next(5), hold: null };
}

/** Makes increments of some of the archives: each needs those before it, from the last full one on. */
function chain(archives: PlanArchive[], next: (below: number) => number): void {
  let links: string[] = [];
  for (const archive of archives) {
    if (next(5) === 0) links = [];
    Object.assign(archive, { needs: links });
    links = [...links, archive.id];
  }
}

const keptOf = (facts: RetentionFacts) =>
  planRetention(facts).archives.flatMap(({ backup, keep }) => (keep ? [backup] : []));

describe('for any history and any rules', () => {
  const seeds = Array.from({ length: 400 }, (_, seed) => seed + 1);

  it('never leaves fewer good archives than the floor', () => {
    for (const seed of seeds) {
      const facts = someFacts(seed);
      const good = facts.archives.filter(({ protectedBy }) => protectedBy === null);
      const kept = new Set(keptOf(facts));
      const left = good.filter(({ id }) => kept.has(id)).length;
      expect(left, `seed ${seed}`).toBeGreaterThanOrEqual(
        Math.min(good.length, Math.max(1, facts.floor))
      );
    }
  });

  it('does not depend on the order of the archives', () => {
    for (const seed of seeds) {
      const facts = someFacts(seed);
      const next = numbers(seed + 7_000);
      const shuffled = facts.archives
        .map(one => ({ one, by: next(1_000_000) }))
        .sort((a, b) => a.by - b.by)
        .map(({ one }) => one);
      expect(planRetention({ ...facts, archives: shuffled }), `seed ${seed}`).toEqual(
        planRetention(facts)
      );
    }
  });

  it('gives the same plan for the same facts, and changes none of them', () => {
    for (const seed of seeds) {
      const facts = someFacts(seed);
      const copy = structuredClone(facts);
      expect(planRetention(facts)).toEqual(planRetention(facts));
      expect(facts).toEqual(copy);
    }
  });

  it('removes nothing of what a plan has left', () => {
    for (const seed of seeds) {
      const facts = someFacts(seed);
      const kept = new Set(keptOf(facts));
      const left = facts.archives.filter(({ id }) => kept.has(id));
      expect(planRetention({ ...facts, archives: left }).removed, `seed ${seed}`).toBe(0);
    }
  });

  it('keeps under a longer rule all that a shorter one keeps', () => {
    for (const seed of seeds) {
      const facts = someFacts(seed);
      const kept = keptOf(facts);
      for (const name of ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const) {
        const rules = { ...facts.rules, [name]: (facts.rules[name] ?? 0) + 1 };
        expect(keptOf({ ...facts, rules }), `seed ${seed}, ${name}`).toEqual(
          expect.arrayContaining(kept)
        );
      }
      const within = { years: 0, months: 0, days: 0, hours: 0, ...facts.rules.within };
      const longer = { ...facts.rules, within: { ...within, days: within.days + 3 } };
      expect(keptOf({ ...facts, rules: longer })).toEqual(expect.arrayContaining(kept));
      expect(keptOf({ ...facts, floor: facts.floor + 1 })).toEqual(expect.arrayContaining(kept));
    }
  });

  it('keeps all that is protected or needed', () => {
    for (const seed of seeds) {
      const facts = someFacts(seed);
      const kept = new Set(keptOf(facts));
      for (const { id, protectedBy, neededBy } of facts.archives)
        if (protectedBy !== null || neededBy !== null) expect(kept.has(id)).toBe(true);
      for (const { id, needs = [] } of facts.archives)
        if (kept.has(id)) for (const link of needs) expect(kept.has(link)).toBe(true);
    }
  });
});

describe('a plan', () => {
  const hours = (count: number) => Array.from({ length: count }, (_, n) => START + n * 3_600_000);

  it('says why each archive stays, and which ones go', () => {
    const plan = planRetention({
      destination: 'local',
      archives: hours(30).map(at => archive(at)),
      rules: rulesOf('last=2,daily=2'),
      floor: 3,
      hold: null,
    });
    expect(plan).toMatchObject({ keep: 'last=2,daily=2', kept: 4, removed: 26, removedBytes: 260 });
    expect(plan.archives[0]?.reasons).toEqual([
      'last 1 of 2',
      'daily 2026-10-21',
      'one of the newest 3 good archives',
    ]);
    expect(plan.archives.filter(({ keep }) => keep).map(({ reasons }) => reasons[0])).toEqual([
      'last 1 of 2',
      'last 2 of 2',
      'one of the newest 3 good archives',
      'daily 2026-10-20',
    ]);
    expect(plan.archives.at(-1)).toMatchObject({ keep: false, reasons: ['no rule keeps it'] });
  });

  it('keeps the newest good ones after a pause that is longer than the rule', () => {
    // All good archives are eight days older than the newest one.
    const week = hours(5).map(at => archive(at));
    const plan = planRetention({
      destination: 'local',
      archives: [...week, archive(START + 8 * 86_400_000)],
      rules: rulesOf('within=7d'),
      floor: 3,
      hold: null,
    });
    expect(plan.kept).toBe(3);
  });

  it('does not count archives whose check failed, so that good ones go for them', () => {
    const [first, ...later] = hours(4);
    const plan = planRetention({
      destination: 'local',
      archives: [
        archive(first ?? 0),
        ...later.map(at => archive(at, { protectedBy: 'its last check failed' })),
      ],
      rules: rulesOf('last=1'),
      floor: 1,
      hold: null,
    });
    expect(plan).toMatchObject({ kept: 4, removed: 0 });
  });

  it('keeps everything without rules', () => {
    const archives = hours(50).map(at => archive(at));
    const plan = planRetention({ destination: 'a', archives, rules: {}, floor: 1, hold: null });
    expect(plan).toMatchObject({ keep: '', kept: 50, removed: 0 });
  });

  it('takes a week for one of the year that its Thursday is in', () => {
    const plan = planRetention({
      destination: 'local',
      archives: ['2026-12-27', '2026-12-28', '2027-01-03', '2027-01-04'].map(day =>
        archive(Date.parse(`${day}T12:00:00Z`))
      ),
      rules: rulesOf('weekly=3'),
      floor: 1,
      hold: null,
    });
    expect(plan.archives.map(({ reasons }) => reasons[0])).toEqual([
      'weekly 2027-W01',
      'weekly 2026-W53',
      'no rule keeps it',
      'weekly 2026-W52',
    ]);
  });
});

describe('an increment', () => {
  const HOUR = 3_600_000;
  const ids = [0, 1, 2, 3].map(at => archive(START + at * HOUR).id);
  const four = (needs: number[][]): PlanArchive[] =>
    needs.map((links, at) =>
      archive(START + at * HOUR, { needs: links.map(link => ids[link] as string) })
    );
  const keep = (archives: PlanArchive[]) =>
    planRetention({
      ...{ destination: 'local', archives, floor: 1, hold: null },
      rules: rulesOf('last=1'),
    });

  it('keeps all that it needs, and says so', () => {
    const { archives, removed } = keep(four([[], [0], [], [2]]));
    expect(removed).toBe(2);
    expect(archives.map(({ reasons }) => reasons[0])).toEqual([
      expect.stringContaining('last'),
      `backup ${ids[3]} needs it`,
      'no rule keeps it',
      'no rule keeps it',
    ]);
  });

  it('goes before what it needs', () => {
    const { archives } = keep(four([[], [0], [0, 1], []]));
    expect(archives.filter(one => !one.keep).map(({ backup }) => backup)).toEqual([
      ids[2],
      ids[1],
      ids[0],
    ]);
  });
});
