import { expect, it } from 'vitest';
import { aBackup, aVolume } from '../../testing/samples';
import { type ClaimState, claimStateOf, type KnownVolumes } from './claimState';

it.each<[ClaimState, string, Partial<KnownVolumes>]>([
  ['live', 'it is among the volumes', { value: [aVolume()] }],
  ['replaced', 'another volume has its name', { value: [aVolume({ uid: 'another' })] }],
  ['gone', 'its namespace has others only', { value: [aVolume({ name: 'other' })] }],
  ['unknown', 'the volumes are not loaded', {}],
  ['unknown', 'not all namespaces were looked at', { value: [], incomplete: true }],
  ['unknown', 'its namespace could not be asked', { value: [], closed: [{ namespace: 'shop' }] }],
  ['gone', 'another namespace could not be asked', { value: [], closed: [{ namespace: 'x' }] }],
])('the volume of a backup is %s when %s', (expected, _, known) => {
  expect(claimStateOf(aBackup(), { incomplete: false, closed: [], ...known })).toBe(expected);
});
