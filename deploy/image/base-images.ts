import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildah, buildahAloud, hasImage } from '../../tests/cluster/machine/buildah.ts';
import { runAloud, say, textOf } from '../../tests/cluster/machine/run.ts';

const CONTAINERFILE = join(import.meta.dirname, 'Containerfile');

/** Names of stand-ins; the pinned images have a digest after it. */
const DEBIAN = 'docker.io/library/debian:trixie-slim';
const NODE = 'docker.io/library/node:24-trixie-slim';

/** The Node that npm installs from this repository's lockfile. */
const NODE_PROGRAM = join(import.meta.dirname, '../../node_modules/node/bin/node');

/** What the official slim image leaves out, too. */
const LEFT_OUT = ['doc', 'groff', 'info', 'linda', 'lintian', 'locale', 'man'];

/** The images to build upon, by the names that the Containerfile has for them. */
export interface BaseImages {
  DEBIAN: string;
  NODE: string;
}

/**
 * Brings the images that the Containerfile builds upon, by their digests. Where no registry can be reached, stand-ins are
 * made from Debian's packages and npm's Node, so that the same Containerfile is built.
 */
export async function bringBaseImages(): Promise<BaseImages> {
  const pinned = pinnedImages(readFileSync(CONTAINERFILE, 'utf8'));
  return {
    DEBIAN: await bring(pinned.DEBIAN, DEBIAN, makeDebian),
    NODE: await bring(pinned.NODE, NODE, makeNode),
  };
}

/** @returns the images that a Containerfile names, without their tags: the digest says which one it is. */
export function pinnedImages(containerfile: string): BaseImages {
  const pinned = (name: keyof BaseImages): string => {
    const [, image, digest] =
      new RegExp(`^ARG ${name}=([^:@\\s]+):[^@\\s]+(@sha256:[0-9a-f]{64})$`, 'm').exec(
        containerfile
      ) ?? [];
    if (!image || !digest) throw new Error(`the Containerfile has no digest for ${name}`);
    return image + digest;
  };
  return { DEBIAN: pinned('DEBIAN'), NODE: pinned('NODE') };
}

/** @returns the name of the image that is there: the pinned one, or else its stand-in */
async function bring(
  pinned: string,
  standIn: string,
  makeStandIn: (context: string) => Promise<void>
): Promise<string> {
  if (hasImage(pinned)) return pinned;
  if (hasImage(standIn)) return standIn; // made when no registry could be reached
  try {
    buildah(['pull', '--quiet', pinned]);
    return pinned;
  } catch (error) {
    say(`${pinned} cannot be pulled (${textOf(error).split(': ').at(-1)}): making a stand-in`);
  }
  const context = mkdtempSync(join(tmpdir(), 'nkvm-image-'));
  try {
    await makeStandIn(context);
    await buildahAloud(['build', '--quiet', '--pull-never', '--tag', standIn, context]);
    return standIn;
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
