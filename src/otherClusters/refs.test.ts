import { expect, it } from 'vitest';
import { otherCluster, unreachableCluster } from '../testing/clusterSamples';
import { namesOf, refsOf } from './refs';
import type { Known } from './useKnownClusters';

const main: Known = {
  ...{ home: 'main', isKnown: true },
  others: [otherCluster(), unreachableCluster()],
};
const east: Known = { home: 'east', isKnown: true, others: [otherCluster()] };
const loading: Known = { home: 'west', isKnown: false, others: [] };

it.each<[string, Known[], string, string[]]>([
  ['nothing is chosen', [main, east], '', ['main', 'east']],
  ['all are', [main, east], '*', ['main', 'east', 'main/site-b', 'main/site-c', 'east/site-b']],
  ['all are, and nothing is known yet', [loading], '*', ['west']],
  ['one is that a single NKVM backs up', [main, east], 'site-c', ['main/site-c']],
  ['one is whose name two of them use', [main, east], 'site-b', ['main/site-b', 'east/site-b']],
  ['one is, and nothing is known yet', [loading], 'site-b', ['west/site-b']],
  ['a name is that there is not', [main, east], 'gone', ['main/gone']],
])('where %s, a list shows the right clusters', (_, known, chosen, expected) =>
  expect(refsOf(known, chosen)).toEqual(expected)
);

it('offers each name once', () => expect(namesOf([main, east])).toEqual(['site-b', 'site-c']));
