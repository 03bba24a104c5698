import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'docs/reliability/README.md'), 'utf8');

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
const sections = text
  .split(/^### /m)
  .slice(1)
  .map(section => ({
    heading: section.slice(0, section.indexOf('\n')),
    section,
    shownBy: [...section.matchAll(/^- `(.*)`: (.*)$/gm)].map(([, file = '', title = '']) => ({
      file,
      title,
    })),
  }));

describe('docs/reliability/README.md', () => {
  it('names the ways in which a restore can be wrong', () => {
    const headings = WAYS.map((way, index) => `${index + 1}. ${way}`);
    expect(sections.map(({ heading }) => heading)).toEqual(headings);
  });

  it.each(sections)('says of “$heading” what could happen, and what prevents it', of => {
    expect(of.section).toContain('**What could happen.**');
    expect(of.section).toContain('**What prevents it.**');
    expect(of.shownBy.length).toBeGreaterThan(1);
    expect(of.section.split('\n- ')).toHaveLength(of.shownBy.length + 1);
  });

  it.each(sections.flatMap(({ heading, shownBy }) => shownBy.map(test => ({ heading, ...test }))))(
    'names a test for “$heading” that is there: $title',
    ({ file, title }) => {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
      // As the name of a test or of a row of its table, and not as a part of another text.
      const names = ["'", '"', '`'].map(quote => `${quote}${title}${quote}`);
      const code = readFileSync(join(ROOT, file), 'utf8');
      expect(
        names.some(name => code.includes(name)),
        `${file} has a test “${title}”`
      ).toBe(true);
    }
  );
});
