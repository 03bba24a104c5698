import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildah, buildahAloud, hasImage } from '../../tests/cluster/machine/buildah.ts';
import { runAloud, say, textOf } from '../../tests/cluster/machine/run.ts';

export const DEBIAN = 'docker.io/library/debian:trixie-slim';
const NODE = 'docker.io/library/node:24-trixie-slim';

/** The Node that npm installs from this repository's lockfile. */
const NODE_PROGRAM = join(import.meta.dirname, '../../node_modules/node/bin/node');

/** What the official slim image leaves out, too. */
const LEFT_OUT = ['doc', 'groff', 'info', 'linda', 'lintian', 'locale', 'man'];

/**
 * Brings the images that the Containerfile builds upon. Where no registry can be reached, stand-ins are made from
 * Debian's packages and npm's Node, under the same names, so that the same Containerfile is built.
 */
export async function bringBaseImages(): Promise<void> {
  await bring(DEBIAN, makeDebian);
  await bring(NODE, makeNode);
}

async function bring(
  image: string,
  makeStandIn: (context: string) => Promise<void>
): Promise<void> {
  if (hasImage(image)) return;
  try {
    buildah(['pull', '--quiet', image]);
    return;
  } catch (error) {
    say(`${image} cannot be pulled (${textOf(error).split(': ').at(-1)}): making a stand-in`);
  }
  const context = mkdtempSync(join(tmpdir(), 'nkvm-image-'));
  try {
    await makeStandIn(context);
    await buildahAloud(['build', '--quiet', '--pull-never', '--tag', image, context]);
  } finally {
    rmSync(context, { recursive: true });
  }
}

async function makeDebian(context: string): Promise<void> {
  const exclude = LEFT_OUT.map(directory => `--dpkgopt=path-exclude=/usr/share/${directory}/*`);
  const licences = '--dpkgopt=path-include=/usr/share/doc/*/copyright';
  const root = join(context, 'root.tar');
  await runAloud('mmdebstrap', [
    '--quiet',
    '--variant=minbase',
    ...exclude,
    licences,
    'trixie',
    root,
  ]);
  writeFileSync(join(context, 'Containerfile'), 'FROM scratch\nADD root.tar /\nCMD ["bash"]\n');
}

async function makeNode(context: string): Promise<void> {
  copyFileSync(NODE_PROGRAM, join(context, 'node'));
  writeFileSync(join(context, 'Containerfile'), `FROM ${DEBIAN}\nCOPY node /usr/local/bin/node\n`);
}
