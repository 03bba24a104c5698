import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shownByTests, shownSections } from './support/shownByTests.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/security/README.md'), 'utf8');
const threats = shownSections(
  text.slice(text.indexOf('## Threats'), text.indexOf('## What NKVM does not protect against'))
);

describe('docs/security/README.md', () => {
  it('has threats', () => expect(threats.length).toBeGreaterThan(9));
  shownByTests(threats, '**What stops it.**');
});
