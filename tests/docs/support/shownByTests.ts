import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

/** A section of a page about what could go wrong, and the tests that show that it does not. */
export interface ShownSection {
  heading: string;
  /** All of it, heading included. */
  section: string;
  shownBy: { file: string; title: string }[];
}

/** @param text of a page whose sections begin with `###` and have a list of tests: - `FILE`: TITLE */
export const shownSections = (text: string): ShownSection[] =>
  text
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

/** Tests that each section says what could happen, what is against it, and which tests show that; and that these are there. */
export function shownByTests(sections: readonly ShownSection[], whatIsAgainstIt: string): void {
  it.each(sections)('says of “$heading” what could happen, and what is against it', of => {
    expect(of.section).toContain('**What could happen.**');
    expect(of.section).toContain(whatIsAgainstIt);
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
}
