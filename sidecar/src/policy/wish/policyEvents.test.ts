import { expect, it } from 'vitest';
import type { ClaimEvent } from '../../cluster/writes/events.ts';
import { StageError } from '../../errors.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { policyEvents } from './policyEvents.ts';
import { wishOf } from './wishOf.ts';

const settings = { clusterUid: 'cluster-1', timeZone: 'UTC' };
const now = () => new Date('2026-11-20T10:00:00Z');
const world = () => {
  const sent: ClaimEvent[] = [];
  return { sent, events: policyEvents({ send: event => sent.push(event), now }) };
};
const claim = testClaim({ labels: { backup: 'hourl' } });

it('sends an Event for a value that is not valid once, and again for another value', () => {
  const { sent, events } = world();
  for (let look = 0; look < 3; look += 1) events.problems(claim, wishOf(claim, {}, settings));
  const other = testClaim({ labels: { backup: 'dayly' } });
  events.problems(other, wishOf(other, {}, settings));
  expect(sent.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    'Warning InvalidBackupPolicy',
    'Warning InvalidBackupPolicy',
  ]);
  expect(sent[0]?.message).toBe(
    'label backup of the claim has the value "hourl": there is no such interval. What to do: use hourly, daily, weekly, monthly, off; the annotation nkvm.io/schedule takes cron'
  );
  expect(sent[0]?.claim).toEqual({ namespace: 'shop', name: 'orders-db', uid: 'uid-1' });
});

it('gives the Event the same name after a restart, so that there is one', () => {
  const [one, two] = [world(), world()];
  for (const { events } of [one, two]) events.problems(claim, wishOf(claim, {}, settings));
  expect(one.sent[0]?.name).toBe(two.sent[0]?.name);
  expect(one.sent[0]?.name).toMatch(/^nkvm-policy-[0-9a-f]{20}$/);
});

it('says why a run does not start', () => {
  const { sent, events } = world();
  const error = new StageError(
    'queue',
    'NamespaceNotOpen',
    'it is not open',
    'open it',
    'needs-action'
  );
  events.refused(claim, 'backup', error);
  events.refused(claim, 'drill', error);
  expect(sent.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
    'ScheduledBackupNotStarted: the scheduled backup does not start (NamespaceNotOpen): it is not open. What to do: open it',
    'ScheduledDrillNotStarted: the scheduled restore drill does not start (NamespaceNotOpen): it is not open. What to do: open it',
  ]);
});
