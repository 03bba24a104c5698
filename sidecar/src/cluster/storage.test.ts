import { expect, it } from 'vitest';
import { storageOf } from './storage.ts';

const on = (...zones: string[]) => [
  { matchExpressions: [{ key: 'zone', operator: 'In', values: zones }] },
];
const node = (name: string, zone: string) => ({
  name,
  labels: { zone },
  unschedulable: false,
  ready: true,
});
const nodes = [node('node-a', 'east'), node('node-b', 'west'), node('node-c', 'west')];

it('finds the place of each volume, several in one place too', () => {
  const volumes = [
    { name: 'pv-1', nodeSelectorTerms: on('east') },
    { name: 'pv-2', nodeSelectorTerms: on('west') },
    { name: 'pv-3', nodeSelectorTerms: on('east') },
  ];
  expect([...storageOf({ volumes, nodes, storageClasses: [] }).places]).toEqual([
    ['pv-1', { node: 'node-a', terms: on('east') }],
    ['pv-2', { node: null, terms: on('west') }],
    ['pv-3', { node: 'node-a', terms: on('east') }],
  ]);
});

it('knows the classes that wait for a pod', () => {
  const storageClasses = [
    { name: 'standard', waitsForFirstConsumer: false },
    { name: 'fast', waitsForFirstConsumer: true },
  ];
  expect([...storageOf({ volumes: [], nodes, storageClasses }).waitingClasses]).toEqual(['fast']);
});
