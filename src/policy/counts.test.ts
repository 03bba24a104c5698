import { expect, it } from 'vitest';
import { anUnprotected, aPolicy } from '../testing/policySamples';
import { aVolume } from '../testing/samples';
import { countsOf, plannedOf, usedBy } from './counts';

const volumes = ['a', 'b', 'c', 'd'].map(name => aVolume({ name }));
const policies = [
  aPolicy({ name: 'a' }),
  aPolicy({ name: 'b' }),
  aPolicy({ name: 'c', state: 'overdue' }),
  anUnprotected({ name: 'd' }),
];

it('counts the volumes of each state, the most urgent state first', () => {
  expect(countsOf(plannedOf(volumes, policies), Date.now())).toEqual([
    { state: 'overdue', count: 1 },
    { state: 'never', count: 1 },
    { state: 'protected', count: 2 },
  ]);
});

it('counts what runs say where nothing is known of schedules', () => {
  expect(countsOf(plannedOf(volumes), Date.now())).toEqual([{ state: 'never', count: 4 }]);
});

it('has no policy of an earlier claim with the same name', () => {
  const earlier = { ...aPolicy({ name: 'a' }), uid: 'uid-before' };
  expect(plannedOf(volumes.slice(0, 1), [earlier])[0]!.policy).toBeUndefined();
});

it('finds the volumes of a workload by its kind and name', () => {
  const planned = plannedOf(volumes, policies);
  expect(usedBy(planned, { kind: 'StatefulSet', name: 'orders' })).toHaveLength(4);
  expect(usedBy(planned, { kind: 'Deployment', name: 'orders' })).toEqual([]);
});
