import { expect, it } from 'vitest';
import { firstSeen } from './firstSeen.ts';

const at = (text: string) => Date.parse(`2026-11-20T${text}:00Z`);
const claim = (created: string, uid = 'u') => ({ uid, createdAt: `2026-11-20T${created}:00Z` });

it('counts from the first look at an old claim with a schedule', () => {
  const seen = firstSeen();
  expect(seen.since(claim('01:00'), true, undefined, at('10:00'))).toBe(at('10:00'));
  expect(seen.since(claim('01:00'), true, undefined, at('12:00'))).toBe(at('10:00'));
});

it('counts from the newest backup where there is one: NKVM was stopped meanwhile', () => {
  const seen = firstSeen();
  expect(seen.since(claim('01:00'), true, '2026-11-20T04:00:00Z', at('10:00'))).toBe(at('04:00'));
});

it('counts a claim that is made with a schedule from then on', () => {
  const seen = firstSeen();
  seen.since(claim('01:00', 'other'), true, undefined, at('10:00'));
  expect(seen.since(claim('10:30'), true, undefined, at('10:31'))).toBe(at('10:30'));
});

it('counts a label that is set later, and a schedule that is resumed, from the last look before', () => {
  const seen = firstSeen();
  seen.since(claim('01:00'), false, '2026-11-20T04:00:00Z', at('10:00'));
  seen.since(claim('01:00'), false, '2026-11-20T04:00:00Z', at('10:05'));
  expect(seen.since(claim('01:00'), true, '2026-11-20T04:00:00Z', at('10:06'))).toBe(at('10:05'));
  seen.since(claim('01:00'), false, undefined, at('14:00'));
  expect(seen.since(claim('01:00'), true, undefined, at('14:01'))).toBe(at('14:00'));
});

it('forgets claims that are gone', () => {
  const seen = firstSeen();
  seen.since(claim('01:00'), true, undefined, at('10:00'));
  seen.forgetOthers(() => [], at('10:01'));
  expect(seen.since(claim('01:00'), true, undefined, at('10:02'))).toBe(at('10:02'));
  seen.forgetOthers(() => [], at('10:03'));
  expect(seen.since(claim('01:00'), true, undefined, at('10:04'))).toBe(at('10:02'));
});
