import { expect, it } from 'vitest';
import type { NodeSelectorTerm } from '../watch/facts.ts';
import { onlyNodeFor, type SelectableNode } from './nodeSelector.ts';

const nodes: SelectableNode[] = [
  { name: 'a', labels: { 'kubernetes.io/hostname': 'host-a', zone: 'east', disks: '4' } },
  { name: 'b', labels: { 'kubernetes.io/hostname': 'host-b', zone: 'east', disks: '8' } },
  { name: 'c', labels: { 'kubernetes.io/hostname': 'host-c', zone: 'west', gpu: '' } },
];
const label = (key: string, operator: string, ...values: string[]): NodeSelectorTerm => ({
  matchExpressions: [{ key, operator, values }],
});

it.each<[string, NodeSelectorTerm[], string | null]>([
  ['no term allows every node', [], null],
  ['an empty term allows no node', [{}, label('zone', 'In', 'west')], 'c'],
  [
    'a host name is not the name of its node',
    [label('kubernetes.io/hostname', 'In', 'host-b')],
    'b',
  ],
  ['a host that has left the cluster', [label('kubernetes.io/hostname', 'In', 'host-z')], null],
  ['two hosts', [label('kubernetes.io/hostname', 'In', 'host-a', 'host-b')], null],
  ['a zone with one node', [label('zone', 'In', 'west')], 'c'],
  ['a zone with two nodes', [label('zone', 'In', 'east')], null],
  ['terms are alternatives', [label('zone', 'In', 'north'), label('gpu', 'Exists')], 'c'],
  ['two terms, two nodes', [label('zone', 'In', 'west'), label('disks', 'In', '4')], null],
  [
    'every expression of a term must hold',
    [
      {
        matchExpressions: [
          ...label('zone', 'In', 'east').matchExpressions!,
          { key: 'disks', operator: 'Gt', values: ['4'] },
        ],
      },
    ],
    'b',
  ],
  ['NotIn holds where the label is missing', [label('disks', 'NotIn', '4', '8')], 'c'],
  ['DoesNotExist', [label('disks', 'DoesNotExist')], 'c'],
  ['Lt compares numbers', [label('disks', 'Lt', '5')], 'a'],
  ['Gt does not hold where the label is missing', [label('disks', 'Gt', '5')], 'b'],
  ['an operator that we do not know allows no node', [label('zone', 'Near', 'west')], null],
  [
    'the name of the node as a field',
    [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }],
    'a',
  ],
])('%s', (_, terms, expected) => expect(onlyNodeFor(terms, nodes)).toBe(expected));
