import { describe, expect, it } from 'vitest';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { scheduleWorld } from '../../testing/policy/scheduleWorld.ts';

const cron = (text: string): Partial<Claim> => ({ policyNotes: { 'nkvm.io/schedule': text } });
const label = (backup: string): Partial<Claim> => ({ labels: { backup } });

/** @returns the most that started in one minute. */
function mostAtOnce(times: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const time of times) counts.set(time, (counts.get(time) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

describe('a slot', () => {
  it('has one run, at its minute', async () => {
    const world = await scheduleWorld('2026-11-20T14:00:00Z');
    world.add(1, cron('17 * * * *'));
    await world.pass(180);
    expect(world.ran()).toEqual(['2026-11-20T14:17', '2026-11-20T15:17', '2026-11-20T16:17']);
    expect(world.history.count()).toBe(3);
  });

  it('is not tried again when its run has failed', async () => {
    const world = await scheduleWorld('2026-11-20T14:00:00Z');
    world.end = () => ({ status: 'failed', reason: 'StreamBroke', failureClass: 'unknown' });
    world.add(1, cron('17 * * * *'));
    await world.pass(120);
    expect(world.ran()).toHaveLength(2);
  });

  it('has no second run after a restart', async () => {
    const world = await scheduleWorld('2026-11-20T14:00:00Z');
    world.add(1, cron('17 * * * *'));
    await world.pass(17);
    for (let restart = 0; restart < 40; restart += 1) await world.restart(1);
    expect(world.ran()).toEqual(['2026-11-20T14:17']);
    await world.pass(20);
    expect(world.ran()).toEqual(['2026-11-20T14:17', '2026-11-20T15:17']);
  });

  it('has no second run after the clock was set back, or forward and back', async () => {
    const world = await scheduleWorld('2026-11-20T14:00:00Z');
    world.add(1, cron('17 * * * *'));
    await world.until('16:30');
    expect(world.ran()).toHaveLength(3);
    world.clock -= 2 * 3_600_000;
    await world.until('16:30');
    expect(world.ran()).toHaveLength(3);
    world.clock += 3 * 24 * 3_600_000;
    await world.pass(1);
    world.clock -= 3 * 24 * 3_600_000;
    await world.until('17:30');
    expect(world.ran().filter(at => at.startsWith('2026-11-20'))).toHaveLength(4);
  });

  it('needs no run of its own after a success that a person asked for', async () => {
    const world = await scheduleWorld('2026-11-20T14:00:00Z');
    world.add(1, cron('17 * * * *'));
    await world.until('14:16');
    world.held = 'the API server is unavailable';
    await world.until('14:30');
    await world.history.add([
      exampleRun({ name: 'data-0', uid: 'uid-data-0', createdAt: '2026-11-20T14:30:00.000Z' }),
    ]);
    world.held = undefined;
    await world.until('15:10');
    expect(world.ran()).toEqual([]);
  });
});

describe('a new schedule', () => {
  it('starts the first backups of 500 claims that get the label at 14:00 over an hour, each once', async () => {
    const world = await scheduleWorld('2026-11-20T13:59:00Z');
    const claims = world.add(500, { createdAt: '2026-01-01T00:00:00Z' });
    await world.pass(1);
    claims.forEach(claim => world.change(claim, label('daily')));
    await world.pass(61);
    const first = world.ran();
    expect(first).toHaveLength(500);
    expect(mostAtOnce(first)).toBeLessThanOrEqual(2 * (500 / 60) + 8);
    expect(new Set(first).size).toBeGreaterThan(50);
  }, 60_000);

  it('does not start at a time that nobody chose', async () => {
    const world = await scheduleWorld('2026-11-20T13:59:00Z');
    const [claim] = world.add(1, { createdAt: '2026-01-01T00:00:00Z' });
    await world.pass(1);
    if (claim) world.change(claim, cron('TZ=Europe/Berlin 30 2 * * *'));
    await world.until('02:00');
    expect(world.ran()).toEqual(['2026-11-21T01:30']);
  });

  it('of a month begins within a day of the claim', async () => {
    const world = await scheduleWorld('2026-11-20T13:59:00Z');
    await world.pass(1);
    world.add(1, { ...label('monthly'), createdAt: '2026-11-20T14:00:00Z' });
    await world.pass(24 * 60);
    expect(world.ran()).toHaveLength(1);
  });
});

describe('runs that were missed', () => {
  it('are made up once, spread out, after hours in which no process ran', async () => {
    const world = await scheduleWorld('2026-11-20T10:00:00Z');
    world.add(100, label('hourly'));
    await world.until('11:00');
    const before = world.ran().length;
    expect(before).toBeGreaterThanOrEqual(100);
    await world.restart(6 * 60);
    expect(world.ran()).toHaveLength(before);
    await world.until('18:00');
    const [of] = [world.ran().slice(before)];
    expect(mostAtOnce(of)).toBeLessThanOrEqual(20);
    for (let index = 0; index < 100; index += 1) {
      const times = world.ran(`data-${index}`).filter(at => at >= '2026-11-20T17');
      expect(times.length).toBeGreaterThanOrEqual(1);
      expect(times.length).toBeLessThanOrEqual(2); // one that makes up, and the slot of that hour
    }
  }, 60_000);

  it.each(['the API server is unavailable', 'the history is read-only'])(
    'are made up once after an outage: %s',
    async held => {
      const world = await scheduleWorld('2026-11-20T01:00:00Z');
      world.add(1, cron('30 2 * * *'));
      await world.until('02:00');
      world.held = held;
      await world.until('05:00');
      expect(world.ran()).toEqual([]);
      world.held = undefined;
      await world.until('12:00');
      expect(world.ran()).toHaveLength(1);
      await world.until('03:00');
      expect(world.ran()).toHaveLength(2);
      expect(world.ran()[1]).toBe('2026-11-21T02:30');
    }
  );

  it('are made up by a process that is restarted every few minutes', async () => {
    const world = await scheduleWorld('2026-11-20T01:00:00Z');
    world.add(20, label('daily'));
    await world.pass(70);
    await world.restart(3 * 24 * 60);
    const before = world.ran().length;
    for (let restart = 0; restart < 60; restart += 1) {
      await world.restart(1);
      await world.pass(4);
    }
    expect(world.ran().length - before).toBeGreaterThanOrEqual(20);
  }, 60_000);
});

describe('a schedule that is suspended', () => {
  it('starts nothing, and not everything at once when it is resumed', async () => {
    const world = await scheduleWorld('2026-11-20T00:00:00Z');
    const suspend = { policyNotes: { 'nkvm.io/suspend': 'true' } };
    const claims = world.add(60, {
      ...label('daily'),
      ...suspend,
      createdAt: '2026-01-01T00:00:00Z',
    });
    await world.until('12:00');
    expect(world.ran()).toEqual([]);
    claims.forEach(claim => world.change(claim, { policyNotes: undefined }));
    await world.until('13:05');
    expect(world.ran().length).toBeGreaterThanOrEqual(55);
    expect(mostAtOnce(world.ran())).toBeLessThanOrEqual(8);
  }, 60_000);
});

describe('what is in the way', () => {
  it('makes no endless stream of runs, and is told once', async () => {
    const world = await scheduleWorld('2026-11-20T10:00:00Z');
    world.add(50, label('hourly'));
    world.refused = () => true;
    await world.until('14:00');
    expect(world.history.count()).toBe(0);
    expect(world.refusals).toHaveLength(50);
    world.refused = () => false;
    await world.until('15:00');
    expect(world.history.count()).toBeGreaterThanOrEqual(50);
    expect(mostAtOnce(world.ran())).toBeLessThanOrEqual(10);
  }, 60_000);

  it('holds a claim whose first restore has no verdict', async () => {
    const world = await scheduleWorld('2026-11-20T10:00:00Z');
    const dataSource = {
      ...{ apiGroup: 'nkvm.io', kind: 'BackupRestore', name: 'data-0', namespace: null },
    };
    world.add(1, { ...label('hourly'), dataSource });
    await world.until('12:00');
    expect(world.ran()).toEqual([]);
  });

  it('holds a claim that a restore has made and not proven', async () => {
    const world = await scheduleWorld('2026-11-20T10:00:00Z');
    const restoreMark = { state: 'restoring' as const, runId: 'r', installation: 'i' };
    world.add(1, { ...label('hourly'), restoreMark });
    await world.until('12:00');
    expect(world.ran()).toEqual([]);
  });

  it('starts nothing for values that are not valid, and tells of each once', async () => {
    const world = await scheduleWorld('2026-11-20T10:00:00Z');
    world.add(1, label('hourl'));
    world.add(1, cron('30 2 30 2 *'), 'never');
    await world.until('12:00');
    expect(world.ran()).toEqual([]);
    expect(world.problems.map(({ wish }) => wish.problems.map(({ key }) => key))).toEqual([
      ['backup'],
      ['nkvm.io/schedule'],
    ]);
  });
});

describe('the nights in which clocks change', () => {
  it.each([
    ['2026-03-28T12:00:00Z', '2026-03-29T01:30'],
    ['2026-10-24T12:00:00Z', '2026-10-25T00:30'],
  ])('have one run at 02:30 in Berlin, from %s', async (start, expected) => {
    const world = await scheduleWorld(start);
    world.add(1, { ...cron('TZ=Europe/Berlin 30 2 * * *'), createdAt: start });
    await world.pass(24 * 60);
    expect(world.ran()).toEqual([expected]);
  });
});

it('says when the next backup starts', async () => {
  const world = await scheduleWorld('2026-11-20T14:00:00Z');
  world.add(1, cron('17 * * * *'));
  await world.pass(20);
  expect(world.schedules.nextRunAt('shop', 'data-0')).toEqual(new Date('2026-11-20T15:17:00Z'));
  expect(world.schedules.nextRunAt('shop', 'other')).toBeNull();
});
