import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLicences, isAllowed } from '../../deploy/supply/allowedLicences.ts';
import type { Package } from '../../deploy/supply/packages.ts';
import { licenceTexts, packageAt } from '../../deploy/supply/packages.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

it.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-only)', true],
  ['(MIT AND BSD-3-Clause)', true],
  ['MIT AND GPL-2.0-only', false],
  ['GPL-3.0-only', false],
  ['AGPL-3.0-or-later', false],
  ['SEE LICENSE IN LICENSE.md', false],
  ['((MIT) OR (X))', false],
  ['', false],
])('a package under %s may be shipped: %s', (licence, expected) =>
  expect(isAllowed(licence)).toBe(expected)
);

it('names every package whose licence is not allowed', () => {
  const one = { name: 'one', version: '1.0.0', license: 'GPL-3.0-only', root: '/' };
  expect(() => checkLicences([one, { ...one, name: 'two', license: 'MIT' }])).toThrow(
    /one@1.0.0: GPL-3.0-only.*allowedLicences/
  );
});

/** @returns the packages that the sidecar is made of, as they are installed: its dependencies, and theirs. */
function dependenciesOf(root: string, known = new Map<string, Package>()): Map<string, Package> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const found = installed(root, name);
    if (known.has(found)) continue;
    known.set(found, packageAt(found));
    dependenciesOf(found, known);
  }
  return known;
}

/** Node looks for a package here, and in every directory above. */
function installed(from: string, name: string): string {
  const here = join(from, 'node_modules', name);
  if (existsSync(join(here, 'package.json'))) return here;
  const above = dirname(from);
  if (above === from) throw new Error(`${name} is not installed`);
  return installed(above, name);
}

describe('the dependencies of the sidecar', () => {
  const packages = [...dependenciesOf(join(REPOSITORY, 'sidecar')).values()];

  it('may all be shipped with code under Apache-2.0', () => {
    expect(packages.length).toBeGreaterThan(80);
    expect(() => checkLicences(packages)).not.toThrow();
  });

  it('have their licences copied with their texts', () => {
    const fastify = packages.filter(({ name }) => name === 'fastify');
    expect(licenceTexts(fastify)).toMatch(/^fastify 5\.\d+\.\d+\nMIT\n\n[^]*Permission is hereby/);
  });
});
