import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'docs/security/README.md'), 'utf8');
const sections = text
  .slice(text.indexOf('## Threats'), text.indexOf('## What NKVM does not protect against'))
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

describe('docs/security/README.md', () => {
  it('has threats', () => expect(sections.length).toBeGreaterThan(9));

  it.each(sections)('says of “$heading” what could happen, and what stops it', of => {
    expect(of.section).toContain('**What could happen.**');
    expect(of.section).toContain('**What stops it.**');
    expect(of.shownBy.length).toBeGreaterThan(1);
    expect(of.section.split('\n- ')).toHaveLength(of.shownBy.length + 1);
  });

  it.each(sections.flatMap(({ heading, shownBy }) => shownBy.map(test => ({ heading, ...test }))))(
    'names a test for “$heading” that is there: $title',
    ({ file, title }) => {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
      const names = ["'", '"', '`'].map(quote => `${quote}${title}${quote}`);
      const code = readFileSync(join(ROOT, file), 'utf8');
      expect(
        names.some(name => code.includes(name)),
        `${file} has a test “${title}”`
      ).toBe(true);
    }
  );
});
