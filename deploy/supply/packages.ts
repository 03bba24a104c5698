import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A package of npm as it is installed. */
export interface Package {
  name: string;
  version: string;
  /** SPDX expression. */
  license: string;
  /** Its directory. */
  root: string;
}

interface PackageFile {
  name?: string;
  version?: string;
  license?: string;
  /** As packages said it before `license`. */
  licenses?: { type: string }[];
}

/**
 * @param sources absolute paths of files; those outside of node_modules are our own.
 * @returns the packages that they belong to, each once, ordered by name and version
 * @throws Error that names a package which says nothing of its licence
 */
export function packagesOf(sources: readonly string[]): Package[] {
  const roots = new Set(sources.filter(path => path.includes('/node_modules/')).map(rootOf));
  const packages = new Map<string, Package>();
  for (const each of [...roots].map(packageAt)) packages.set(nameOf(each), each);
  return [...packages.values()].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}

/** @returns `name@version`. */
export const nameOf = ({ name, version }: Pick<Package, 'name' | 'version'>): string =>
  `${name}@${version}`;

/** @returns name, version, licence and its text of each package: licences ask for a copy of it with every copy of the code. */
export const licenceTexts = (packages: readonly Package[]): string =>
  packages.map(textOf).join(`\n${'-'.repeat(80)}\n\n`);

/** Some packages have a nested package.json that only says `"type"`: the one that counts has a name. */
function rootOf(path: string): string {
  for (let directory = dirname(path); directory !== '/'; directory = dirname(directory)) {
    if (!existsSync(join(directory, 'package.json'))) continue;
    const { name, version } = fileAt(directory);
    if (name && version) return directory;
  }
  throw new Error(`${path} belongs to no package`);
}

const fileAt = (root: string): PackageFile =>
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageFile;

/** @returns the package in a directory. @throws Error where it says nothing of its licence */
export function packageAt(root: string): Package {
  const { name = '', version = '', licenses, ...said } = fileAt(root);
  const license = said.license ?? licenses?.map(({ type }) => type).join(' OR ');
  if (!license) throw new Error(`${name}@${version} does not say its licence`);
  return { name, version, license, root };
}

function textOf({ name, version, license, root }: Package): string {
  const texts = readdirSync(root).filter(file => /^(licen[cs]e|notice|copying)/i.test(file));
  const all = texts.sort().map(file => readFileSync(join(root, file), 'utf8').trim());
  return `${name} ${version}\n${license}\n\n${all.join('\n\n')}\n`;
}
