import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pinnedImages } from '../../deploy/image/base-images.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');

/** Packages that run a script when they are installed, and what the script does. Read a script before you add its package. */
const KNOWN: Record<string, string> = {
  '@swc/core': 'looks for its native program; development only',
  'cpu-features': 'compiles a native module; ssh2 works without it, and the bundle has none',
  esbuild: 'looks for its native program; development only',
  msw: 'copies its worker; development only',
  node: 'brings the Node that the project runs on; development only',
  ssh2: 'compiles a native module; it works without it, and the bundle has none',
};

it('only known packages run a script when they are installed', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const found = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  expect([...new Set(found)].sort()).toEqual(Object.keys(KNOWN).sort());
});

it('the image is made of a bundle: nothing of npm is installed in it', () => {
  const file = read('deploy/image/Containerfile').replaceAll(/^#.*$/gm, '');
  expect(file).not.toMatch(/\b(npm|npx|yarn|pnpm|corepack)\b/);
  expect(read('deploy/image/Containerfile.dockerignore').trim().split('\n')).toEqual([
    '*',
    '!LICENSE',
    '!deploy/image/nkvm', // a script of ours
    '!sidecar/dist',
  ]);
});

it('the image is built upon images that are named by their digests', () => {
  const bases = [...read('deploy/image/Containerfile').matchAll(/^ARG (?:NODE|DEBIAN)=(\S+)$/gm)];
  expect(bases).toHaveLength(2);
  for (const [, base] of bases)
    expect(base).toMatch(/^docker\.io\/library\/[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  expect(pinnedImages(read('deploy/image/Containerfile'))).toEqual({
    DEBIAN: expect.stringMatching(/^docker\.io\/library\/debian@sha256:/),
    NODE: expect.stringMatching(/^docker\.io\/library\/node@sha256:/),
  });
  const from = [...read('deploy/image/Containerfile').matchAll(/^FROM (\S+)/gm)];
  for (const [, image] of from) expect(image).toMatch(/^\$\{\w+\}$/);
});
