import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Package } from './packages.ts';
import { nameOf } from './packages.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

/** A component of CycloneDX, as far as it is used here. */
export interface Component {
  type: 'application' | 'library';
  'bom-ref': string;
  name: string;
  version: string;
  purl: string;
  licenses?: { license: { id: string } | { name: string } }[];
  [more: string]: unknown;
}

interface Dependency {
  ref: string;
  dependsOn?: string[];
}

interface NpmBom {
  components: Component[];
  dependencies: Dependency[];
}

/** What is in a thing that is shipped. */
export interface Contents {
  components: Component[];
  dependencies: Dependency[];
}

/**
 * @param packages those whose code is in it
 * @returns them as `npm sbom` describes them, with the digests of the lockfile
 * @throws Error that names a package which npm does not know: it is not the one of the lockfile
 */
export function npmContents(packages: readonly Package[]): Contents {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const text = execFileSync('npm', args, {
    ...{ cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 256 << 20 },
    stdio: ['ignore', 'pipe', 'inherit'],
    // With NODE_ENV=production npm leaves out devDependencies, of which the plugin is made.
    env: { ...process.env, NODE_ENV: '' },
  });
  return shippedOf(JSON.parse(text) as NpmBom, packages);
}

export function shippedOf(bom: NpmBom, packages: readonly Package[]): Contents {
  const known = new Map(bom.components.map(each => [nameOf(each), each]));
  const components = packages.map(each => {
    const component = known.get(nameOf(each));
    if (!component) throw new Error(`${nameOf(each)} is installed, and not in package-lock.json`);
    // npm says how a package is used in this repository: what is in the product is required, whatever it was for npm.
    const { properties, scope, externalReferences, ...facts } = component;
    void [properties, scope, externalReferences];
    const licenses = facts.licenses?.length
      ? facts.licenses
      : [{ license: licenceOf(each.license) }];
    return { ...facts, scope: 'required', licenses };
  });
  const refs = new Set(components.map(each => each['bom-ref']));
  const dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: dependsOn.filter(each => refs.has(each)).sort(),
    }));
  return { components, dependencies };
}

const licenceOf = (text: string): { id: string } | { name: string } =>
  /^[A-Za-z0-9.+-]+$/.test(text) ? { id: text } : { name: text };

/** The thing that a bill of materials is of. */
export interface About {
  name: string;
  version: string;
  type: 'application' | 'container';
  description: string;
}

/** @param root of one of our own packages */
export function aboutPackage(root: string): About {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  const { name, version, description } = JSON.parse(text) as Record<keyof About, string>;
  return { name, version, description, type: 'application' };
}

/** @returns the bill of materials, CycloneDX 1.5 in JSON. The same contents give the same bytes: it has no date and no number. */
export function sbomText(about: About, { components, dependencies }: Contents): string {
  const byRef = (one: { ref: string }, other: { ref: string }) => (one.ref < other.ref ? -1 : 1);
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        ...about,
        'bom-ref': nameOf(about),
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: [...components].sort((one, other) => (one.purl < other.purl ? -1 : 1)),
    dependencies: [...dependencies].sort(byRef),
  };
  return `${JSON.stringify(bom, null, 1)}\n`;
}
