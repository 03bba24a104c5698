import { expect, it } from 'vitest';
import type { PruneFacts, PruneVerdict } from './pruning.ts';
import { pruneVerdict } from './pruning.ts';

const DAY = 86_400_000;
const NOW = 1_000 * DAY;
const RULES = { keepMs: 400 * DAY, keepOthersMs: 90 * DAY, maxRuns: 100 };
const daysAgo = (days: number) => ({ at: NOW - days * DAY });
const AGED: PruneFacts = {
  kind: 'backup',
  status: 'success',
  ...daysAgo(401),
  copies: ['deleted'],
  isNewest: false,
  claimExists: true,
  isRead: false,
  isEvidence: false,
};
const CHECK: Partial<PruneFacts> = { copies: [] };

it.each<[string, Partial<PruneFacts>, PruneVerdict]>([
  ['a backup that has aged, its archive deleted', {}, 'old'],
  ['the same, exactly as old as the rule says', daysAgo(400), 'spare'],
  ['one of a time to come', daysAgo(-5), 'spare'],
  ['its archive is present at one of two', { copies: ['deleted', 'present'] }, 'keep'],
  ['a copy is still awaited', { copies: ['deleted', 'awaited'] }, 'keep'],
  ['its archive is missing, and may come back', { ...daysAgo(399), copies: ['missing'] }, 'keep'],
  ['its archive has been missing for long', { copies: ['missing'] }, 'old'],
  ['a copy that has failed', { copies: ['failed'] }, 'old'],
  ['the newest of its claim', { isNewest: true }, 'keep'],
  ['the newest of a claim that is gone', { isNewest: true, claimExists: false }, 'old'],
  ['the same, young', { ...daysAgo(1), isNewest: true, claimExists: false }, 'keep'],
  ['a restore has read it, and is still shown', { isRead: true }, 'keep'],
  ['it is evidence', { isEvidence: true }, 'keep'],
  ['it is queued', { status: 'queued', copies: [] }, 'keep'],
  ['it is running', { status: 'running', copies: [] }, 'keep'],
  ['a status of a later version', { status: undefined }, 'keep'],
  ['a kind of a later version', { kind: undefined }, 'keep'],
  ['it failed three months ago', { ...daysAgo(91), status: 'failed', copies: [] }, 'old'],
  ['it failed last month', { ...daysAgo(30), status: 'failed', copies: [] }, 'spare'],
  ['it was cancelled', { ...daysAgo(91), status: 'cancelled', copies: [] }, 'old'],
  ['a verification', { ...CHECK, ...daysAgo(91), kind: 'verify' }, 'old'],
  ['a copy', { ...CHECK, ...daysAgo(91), kind: 'copy' }, 'old'],
  ['a drill', { ...CHECK, ...daysAgo(91), kind: 'drill' }, 'spare'],
  ['a restore', { ...CHECK, ...daysAgo(91), kind: 'restore' }, 'keep'],
  ['a restore that has aged', { ...CHECK, kind: 'restore' }, 'old'],
])('%s', (_, change, expected) => {
  expect(pruneVerdict({ ...AGED, ...change }, RULES, NOW)).toBe(expected);
});
