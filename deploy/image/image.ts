import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildah, buildahAloud } from '../../tests/cluster/machine/buildah.ts';
import { isMadeOf, keyOf, recordMadeOf } from '../../tests/cluster/machine/key.ts';
import { alone } from '../../tests/cluster/machine/lock.ts';
import { IMAGE_PROGRAMS, installMissing, needRoot } from '../../tests/cluster/machine/packages.ts';
import { CACHE } from '../../tests/cluster/machine/paths.ts';
import { runAloud, say } from '../../tests/cluster/machine/run.ts';
import { bringBaseImages } from './base-images.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const OUT = join(CACHE, 'image');
const CONTAINERFILE = join(import.meta.dirname, 'Containerfile');

/** An image as a file, to be imported where it is needed. */
export interface ImageArchive {
  name: string;
  /** Path of an OCI archive. */
  file: string;
  /** Digest of the manifest, `sha256:…`. */
  digest: string;
}

/** Bundles the sidecar, and builds the image where it is not built from the present files. */
export async function buildImage(name = 'docker.io/nkvm/nkvm:dev'): Promise<ImageArchive> {
  const bundle = join(REPOSITORY, 'sidecar/dist');
  const image = { name, file: join(OUT, 'nkvm.tar') };
  const digestFile = join(OUT, 'digest');
  return alone('image', async () => {
    await runAloud(process.execPath, [join(REPOSITORY, 'sidecar/bundle.ts')]);
    const key = keyOf(CONTAINERFILE, bundle, join(REPOSITORY, 'LICENSE'), import.meta.dirname);
    if (!isMadeOf(join(OUT, 'key'), key)) {
      needRoot('building the image');
      await installMissing(IMAGE_PROGRAMS);
      await bringBaseImages();
      say(`building ${name}`);
      mkdirSync(OUT, { recursive: true });
      for (const file of ['key', 'nkvm.tar']) rmSync(join(OUT, file), { force: true });
      await buildahAloud([
        'build',
        '--layers',
        '--pull-never',
        '--quiet',
        '-f',
        CONTAINERFILE,
        '-t',
        name,
        REPOSITORY,
      ]);
      const archive = `oci-archive:${image.file}:${name}`;
      buildah([
        'push',
        '--quiet',
        '--disable-compression',
        '--digestfile',
        digestFile,
        name,
        archive,
      ]);
      recordMadeOf(join(OUT, 'key'), key);
    }
    return { ...image, digest: readFileSync(digestFile, 'utf8').trim() };
  });
}
