import type { Package } from './packages.ts';

/**
 * Licences of code that may be shipped together with ours, which is under Apache-2.0: each asks for its notice at most.
 * Others, and above all those that would make demands on our own code (GPL, AGPL, SSPL, …), are for a person to judge.
 */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
]);

/** @param expression of SPDX, e.g. `(MIT OR GPL-3.0-only)`: of alternatives one is enough, of a list all are needed */
export function isAllowed(expression: string): boolean {
  const inner = /^\(([^()]*)\)$/.exec(expression.trim())?.[1] ?? expression.trim();
  if (/[()]/.test(inner)) return false; // deeper ones are for a person to judge
  return inner
    .split(' OR ')
    .some(choice => choice.split(' AND ').every(licence => ALLOWED.has(licence.trim())));
}

/** @throws Error that names every package whose licence is not allowed */
export function checkLicences(packages: readonly Package[]): void {
  const others = packages.filter(({ license }) => !isAllowed(license));
  if (others.length === 0) return;
  const list = others.map(({ name, version, license }) => `${name}@${version}: ${license}`);
  throw new Error(
    `licences that may not be shipped with code under Apache-2.0: ${list.join('; ')}. ` +
      'Replace the package; or, when its licence is as free, add it to deploy/supply/allowedLicences.ts'
  );
}
