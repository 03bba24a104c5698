import { expect, it } from 'vitest';
import type { BaseFacts, ChainFacts } from './chooseBase.ts';
import { chooseBase } from './chooseBase.ts';

const MiB = 1024 * 1024;
const link = (runId: string, bytes: number) => ({
  runId,
  archive: `${runId}.tar.gz`,
  bytes,
  sha256: 'ab'.repeat(32),
});
const hours = (n: number) => new Date(Date.parse('2026-11-20T00:00:00Z') + n * 3_600_000);

const base: BaseFacts = {
  ...link('b', 10),
  createdAt: hours(2),
  chain: { links: [link('a', 100 * MiB)] },
  fullAt: hours(1),
  patterns: ['*.tmp'],
  lacking: [],
  failed: [],
};
const sound: ChainFacts = {
  mode: 'hourly',
  isHourly: true,
  isScheduled: true,
  isFullAsked: false,
  isSafety: false,
  isStoredUnpacked: false,
  base,
  patterns: ['*.tmp'],
  now: hours(3),
};
const increment = { form: 'increment', links: [link('a', 100 * MiB), link('b', 10)] };
const full = (why: string) => ({ form: 'full', why: expect.stringContaining(why) });
const alone = { form: 'alone' };
const withBase = (change: Partial<BaseFacts>) => ({ base: { ...base, ...change } });

it.each<[string, Partial<ChainFacts>, object]>([
  ['an increment of the archive before', {}, increment],
  [
    'an increment of a full one',
    withBase({ chain: { links: [] } }),
    { form: 'increment', links: [link('b', 10)] },
  ],
  ['alone where increments are off', { mode: 'off' }, alone],
  ['alone where the volume is not backed up each hour', { isHourly: false }, alone],
  [
    'alone where a person asked for it, and hourly ones are increments',
    { isScheduled: false },
    alone,
  ],
  [
    'full where a person asked for all of the volume',
    { isScheduled: false, isFullAsked: true },
    full('asked for'),
  ],
  ['full where all of the volume was asked for', { isFullAsked: true }, full('asked for')],
  [
    'alone where all of the volume was asked for, and increments are off',
    { mode: 'off', isFullAsked: true },
    alone,
  ],
  [
    'an increment where a person asked for it, and all are',
    { mode: 'always', isScheduled: false },
    increment,
  ],
  ['an increment where all are', { mode: 'always', isHourly: false }, increment],
  ['alone before a restore', { isSafety: true, mode: 'always' }, alone],
  ['alone where the tar alone is stored', { isStoredUnpacked: true }, alone],
  ['full without an earlier one', { base: undefined }, full('no earlier backup')],
  ['an increment 22 hours after the full one', { now: hours(23.9) }, increment],
  ['full 23 hours after the full one', { now: hours(24) }, full('23 hours')],
  ['full when the clock was set back', { now: hours(0) }, full('age')],
  ['full when the base is from the future', withBase({ createdAt: hours(9) }), full('age')],
  ['full when the age of the full one is not known', withBase({ fullAt: undefined }), full('age')],
  [
    'full after 48 increments',
    withBase({ chain: { links: Array.from({ length: 48 }, (_, n) => link(`${n}`, 1)) } }),
    full('48 increments'),
  ],
  [
    'an increment while they are as big as the full one',
    withBase({ bytes: 100 * MiB }),
    { form: 'increment' },
  ],
  ['full when they are bigger than the full one', withBase({ bytes: 101 * MiB }), full('bigger')],
  ['full when an archive is missing', withBase({ lacking: ['a'] }), full('backup a is not')],
  ['full when a check failed', withBase({ failed: ['a'] }), full('check of backup a failed')],
  ['full when other things are left out', { patterns: [] }, full('nkvm.io/exclude')],
])('makes an archive that is %s', (_, change, expected) =>
  expect(chooseBase({ ...sound, ...change })).toMatchObject(expected)
);
