import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shownByTests, shownSections } from './support/shownByTests.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/reliability/README.md'), 'utf8');

/** Ways to be "restored, but wrong". */
const WAYS = [
  'Wrong archive',
  'Partial',
  'Over a running pod',
  'Into the wrong claim',
  'Metadata lost',
  'Hard links split',
  'Holes filled',
  'Truncated',
  'Deleted files back',
  'Wrong owners',
  'Old reader of a newer archive',
  'Silently empty',
];
const sections = shownSections(text);

describe('docs/reliability/README.md', () => {
  it('names the ways in which a restore can be wrong', () => {
    const headings = WAYS.map((way, index) => `${index + 1}. ${way}`);
    expect(sections.map(({ heading }) => heading)).toEqual(headings);
  });

  shownByTests(sections, '**What prevents it.**');
});
