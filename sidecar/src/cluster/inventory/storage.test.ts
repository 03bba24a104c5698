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

const volume = (name: string, zone: string) => ({
  name,
  nodeSelectorTerms: on(zone),
});

it('finds the place of each volume, several in one place too', () => {
  const volumes = [volume('pv-1', 'east'), volume('pv-2', 'west'), volume('pv-3', 'east')];
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
