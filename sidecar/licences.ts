import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Package {
  name?: string;
  version?: string;
  license?: string;
  /** As packages said it before `license`. */
  licenses?: { type: string }[];
}

/**
 * The licences ask for a copy of their text with every copy of the code.
 * @param sources absolute paths of files; those outside of node_modules are our own.
 * @returns name, version, licence and its text for each package, ordered by name.
 * @throws Error that names a package which says nothing of its licence.
 */
export function licencesOf(sources: readonly string[]): string {
  const roots = new Set(sources.filter(path => path.includes('/node_modules/')).map(rootOf));
  const entries = [...roots].map(entryOf);
  return [...new Set(entries)].sort().join(`\n${'-'.repeat(80)}\n\n`);
}

/** Some packages have a nested package.json that only says `"type"`: the one that counts has a name. */
function rootOf(path: string): string {
  for (let directory = dirname(path); directory !== '/'; directory = dirname(directory)) {
    const file = join(directory, 'package.json');
    if (existsSync(file) && packageAt(directory).name && packageAt(directory).version)
      return directory;
  }
  throw new Error(`${path} belongs to no package`);
}

const packageAt = (root: string): Package =>
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package;

function entryOf(root: string): string {
  const { name, version, licenses, ...said } = packageAt(root);
  const license = said.license ?? licenses?.map(({ type }) => type).join(' OR ');
  if (!license) throw new Error(`${name}@${version} does not say its licence`);
  const texts = readdirSync(root).filter(file => /^(licen[cs]e|notice|copying)/i.test(file));
  const all = texts.sort().map(file => readFileSync(join(root, file), 'utf8').trim());
  return `${name} ${version}\n${license}\n\n${all.join('\n\n')}\n`;
}
