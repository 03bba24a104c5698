import { describe, expect, it } from 'vitest';
import type { RetentionHold } from '../../../../api/index.ts';
import { StageError } from '../../../errors.ts';
import { doubtOf, watchClock } from './clock.ts';
import type { ClaimFacts, PlaceFacts, ShareFacts } from './holds.ts';
import { claimHold, placeHold, shareHold } from './holds.ts';

const now = new Date('2026-11-20T12:00:00Z');
const listing = { beganAt: '2026-11-20T11:29:00.000Z', known: 100, unlisted: 0, undeleted: [] };
const catalog = {
  ...{ archives: 100, bytes: 1, onlyHere: 0, foreign: 0 },
  readAt: '2026-11-20T11:30:00.000Z',
};
const sound: PlaceFacts = {
  destination: 'offsite',
  catalog: { catalog, volumes: [], listing, problem: null },
  clock: null,
  now,
  refused: null,
};
const broken = new StageError('checksum', 'X', 'the list broke off', 'try again', 'transient');
const listed = (change: object) => ({ catalog: { ...sound.catalog, problem: null, ...change } });

type Kind = RetentionHold['kind'] | null;

it.each<[string, Partial<PlaceFacts>, Kind]>([
  ['nothing is wrong', {}, null],
  ['the clock has made a step', { clock: 'a step' }, 'clock'],
  ['it was never listed', { catalog: undefined }, 'listing'],
  ['the first listing failed', { catalog: { problem: broken } }, 'listing'],
  ['a later listing failed', listed({ problem: broken }), 'listing'],
  [
    'the listing is old',
    listed({ catalog: { ...catalog, readAt: '2026-11-20T09:00:00.000Z' } }),
    'listing',
  ],
  ['one archive is missing', listed({ listing: { ...listing, unlisted: 1 } }), null],
  ['five of a hundred are', listed({ listing: { ...listing, unlisted: 5 } }), null],
  ['six of a hundred are', listed({ listing: { ...listing, unlisted: 6 } }), 'listing'],
  ['four of five are', listed({ listing: { ...listing, known: 5, unlisted: 4 } }), 'listing'],
  ['all are', listed({ listing: { ...listing, unlisted: 100 } }), 'listing'],
  ['the destination refuses', { refused: 'locked until 2027' }, 'refused'],
])('at a destination: %s', (_, facts, kind) => {
  expect(placeHold({ ...sound, ...facts })?.kind ?? null).toBe(kind);
});

const claim: ClaimFacts = { invalid: null, isFirstRestoreOpen: false, holdUntil: null, now };

it.each<[string, Partial<ClaimFacts>, Kind]>([
  ['nothing is wrong', {}, null],
  ['the first restore is open', { isFirstRestoreOpen: true }, 'first-restore'],
  ['the rules are not valid', { invalid: { message: 'm', hint: 'h' } }, 'invalid'],
  ['the hold has not ended', { holdUntil: '2026-11-20T12:00:00.001Z' }, 'hold'],
  ['the hold has ended', { holdUntil: '2026-11-20T12:00:00.000Z' }, null],
])('of a volume: %s', (_, facts, kind) => {
  expect(claimHold({ ...claim, ...facts })?.kind ?? null).toBe(kind);
});

const share = {
  ...{ destination: 'offsite', removed: 25, present: 100 },
  ...{ maxSharePercent: 25, approved: null },
};
const chains = (removed: number, present: number) => ({ ends: { removed, present } });

it.each<[string, Partial<ShareFacts>, Kind]>([
  ['as many as the share', {}, null],
  ['one more', { removed: 26 }, 'share'],
  ['one more, approved', { removed: 26, approved: 26 }, null],
  ['more than were approved', { removed: 27, approved: 26 }, 'share'],
  ['fewer than were approved, which is another plan', { removed: 26, approved: 27 }, 'share'],
  ['a few of a few', { removed: 10, present: 13 }, null],
  ['eleven of thirteen', { removed: 11, present: 13 }, 'share'],
  ['a chain of 24 of two', { removed: 24, present: 27, ...chains(1, 2) }, null],
  ['ten chains of eleven', { removed: 240, present: 264, ...chains(10, 11) }, null],
  ['eleven chains of twelve', { removed: 264, present: 288, ...chains(11, 12) }, 'share'],
  [
    'eleven chains of twelve, approved',
    { removed: 264, present: 288, ...chains(11, 12), approved: 264 },
    null,
  ],
  ['share 0: only the allowance', { maxSharePercent: 0, removed: 11, present: 1000 }, 'share'],
])('the circuit breaker: %s', (_, facts, kind) => {
  const asked = { ...share, ...facts };
  const ends = { removed: asked.removed, present: asked.present };
  const hold = shareHold({ ends, ...asked });
  expect(hold?.kind ?? null).toBe(kind);
  if (hold) expect(hold.hint).toContain('/api/v1/retention/approve');
});

describe('the clock', () => {
  const start = Date.parse('2026-11-20T12:00:00Z');
  const day = 24 * 3_600_000;
  const world = () => {
    const clocks = { wall: start, monotonic: 0 };
    const look = watchClock(() => ({ ...clocks }));
    const pass = (ms: number, step = 0) => {
      clocks.wall += ms + step;
      clocks.monotonic += ms;
    };
    return { look, pass };
  };

  it('is trusted while it runs evenly', () => {
    const { look, pass } = world();
    for (let hour = 0; hour < 5; hour++) {
      pass(3_600_000, hour * 100);
      expect(look(new Date(start).toISOString())).toBeNull();
    }
  });

  it.each([8 * day, -8 * day, 6 * 60_000])('is not trusted for an hour after %d ms', step => {
    const { look, pass } = world();
    pass(3_600_000, step);
    expect(look(undefined)).toContain('a step of');
    pass(3_599_999);
    expect(look(undefined)).toContain('a step of');
    pass(1);
    expect(look(undefined)).toBeNull();
  });

  it.each<[number, string | null]>([
    [2, null],
    [3, 'NKVM has started 72 hours after the newest run'],
    [365, 'NKVM has started 8760 hours after the newest run'],
  ])('%d days after the newest run, a start is like this', (days, why) => {
    const clocks = { wall: start, monotonic: 0 };
    const newest = new Date(start - days * day).toISOString();
    const look = watchClock(() => ({ ...clocks }), newest);
    expect(look(newest)).toEqual(why && expect.stringContaining(why));
    clocks.wall += 3_600_000;
    clocks.monotonic += 3_600_000;
    expect(look(newest)).toBeNull();
  });

  it.each<[string, () => Promise<number | undefined>, string | null]>([
    ['agrees', async () => 299_000, null],
    ['does not say', async () => undefined, null],
    ['is behind', async () => 365 * day, '525600 minutes ahead of'],
    ['is ahead', async () => -day, '1440 minutes behind'],
    ['cannot be asked', () => Promise.reject(new Error('away')), 'is not known: away'],
  ])('is trusted as far as the API server agrees: it %s', async (_, ahead, why) => {
    expect(await doubtOf(ahead)).toEqual(why && expect.stringContaining(why));
  });

  it('is not trusted while the newest run is in the future', () => {
    const { look } = world();
    expect(look(new Date(start + 8 * day).toISOString())).toContain('in the future');
    expect(look(new Date(start + 60_000).toISOString())).toBeNull();
  });
});

it('tells of rules that are not valid what the API has a field for, and no more', () => {
  const invalid = { message: 'm', hint: 'h', key: 'nkvm.io/keep', value: 'x', setOn: 'claim' };
  expect(claimHold({ ...claim, invalid })).toEqual({ kind: 'invalid', message: 'm', hint: 'h' });
});
