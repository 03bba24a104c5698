import { expect, it } from 'vitest';
import { rateOf, type Sample, withSample } from './rate';

const samples = (...pairs: [atMs: number, bytes: number][]) =>
  pairs.reduce<Sample[]>((all, [atMs, bytes]) => withSample(all, { atMs, bytes }), []);

it.each<[string, Sample[], number | undefined]>([
  ['is unknown at first', samples([0, 0]), undefined],
  ['is unknown over too short a time', samples([0, 0], [250, 1000]), undefined],
  ['is bytes by seconds', samples([0, 0], [1000, 100], [2000, 300]), 150],
  ['forgets what is older than 5 s', samples([0, 0], [1000, 9000], [6000, 9000], [7000, 9000]), 0],
  ['begins anew when the count does', samples([0, 9000], [1000, 10], [2000, 20]), 10],
])('the rate %s', (_, given, expected) => expect(rateOf(given)).toBe(expected));
