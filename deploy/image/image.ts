import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildah, buildahAloud } from '../../tests/cluster/machine/buildah.ts';
import { isMadeOf, keyOf, recordMadeOf } from '../../tests/cluster/machine/key.ts';
import { alone } from '../../tests/cluster/machine/lock.ts';
import { IMAGE_PROGRAMS, installMissing, needRoot } from '../../tests/cluster/machine/packages.ts';
import { CACHE } from '../../tests/cluster/machine/paths.ts';
import { runAloud, say } from '../../tests/cluster/machine/run.ts';
import { bringBaseImages } from './base-images.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const CONTAINERFILE = join(import.meta.dirname, 'Containerfile');
const INPUTS = ['deploy/image', 'sidecar/dist', 'LICENSE'].map(path => join(REPOSITORY, path));
const OUT = join(CACHE, 'image');
const KEY = join(OUT, 'key');
const DESCRIPTION = join(OUT, 'image.json');

/** An image as a file, to be imported where it is needed. */
export interface Image {
  /** Its full name, as pods give it. */
  name: string;
  /** Path of an OCI archive. */
  file: string;
  /** Digest of the manifest, `sha256:…`. */
  digest: string;
  /** Digest of the configuration, `sha256:…`: the `imageID` of a container that runs it. */
  id: string;
}

/** Bundles the sidecar, and builds the image where it is not built from the present files. Needs root to build. */
export const buildImage = (): Promise<Image> =>
  alone('image', async () => {
    await runAloud(process.execPath, [join(REPOSITORY, 'sidecar/bundle.ts')]);
    const key = keyOf(...INPUTS);
    if (!isMadeOf(KEY, key)) {
      rmSync(OUT, { recursive: true, force: true });
      mkdirSync(OUT, { recursive: true });
      writeFileSync(DESCRIPTION, JSON.stringify(await build('docker.io/nkvm/nkvm:dev')));
      recordMadeOf(KEY, key);
    }
    return JSON.parse(readFileSync(DESCRIPTION, 'utf8')) as Image;
  });

async function build(name: string): Promise<Image> {
  needRoot('building the image');
  await installMissing(IMAGE_PROGRAMS);
  await bringBaseImages();
  say(`building ${name}`);
  await buildahAloud([
    'build',
    '--layers',
    '--force-rm',
    '--pull-never',
    '--quiet',
    '-f',
    CONTAINERFILE,
    '-t',
    name,
    REPOSITORY,
  ]);
  buildah(['rmi', '--prune']); // what had the name before: every layer is a whole copy
  const file = join(OUT, 'nkvm.tar');
  const digestFile = join(OUT, 'digest');
  buildah(['push', '--quiet', '--digestfile', digestFile, name, `oci-archive:${file}:${name}`]);
  const id = buildah(['inspect', '--type', 'image', '--format', '{{.FromImageID}}', name]).trim();
  return { name, file, digest: readFileSync(digestFile, 'utf8').trim(), id: `sha256:${id}` };
}
