import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildah, buildahAloud } from '../../tests/cluster/machine/buildah.ts';
import { isMadeOf, keyOf, recordMadeOf } from '../../tests/cluster/machine/key.ts';
import { alone } from '../../tests/cluster/machine/lock.ts';
import { IMAGE_PROGRAMS, installMissing, needRoot } from '../../tests/cluster/machine/packages.ts';
import { CACHE } from '../../tests/cluster/machine/paths.ts';
import { run, runAloud, say, succeeds } from '../../tests/cluster/machine/run.ts';
import { bringBaseImages } from './base-images.ts';
import { imageSbom } from './imageSbom.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const CONTAINERFILE = join(import.meta.dirname, 'Containerfile');
const INPUTS = ['deploy/image', 'deploy/supply', 'sidecar/dist', 'LICENSE'].map(path =>
  join(REPOSITORY, path)
);
/** Changes of these change what is in the image. */
const SOURCES = ['deploy/image', 'sidecar', 'package-lock.json', 'LICENSE'];
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
  /** Path of its bill of materials, CycloneDX in JSON. */
  sbom: string;
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

/**
 * Builds the image twice more, without anything from earlier builds.
 * @throws Error when their digests differ: the same sources must give the same image
 */
export const checkReproducible = (): Promise<string> =>
  alone('image', async () => {
    const [one, other] = [await buildOnce(), await buildOnce()];
    if (one === other) return one;
    throw new Error(`the same sources gave two images, ${one} and ${other}`);
  });

async function buildOnce(): Promise<string> {
  const name = 'localhost/nkvm-reproduced';
  // Without --layers, buildah deletes the image of a stage that has no steps: the one that Node comes from.
  await buildAs(name, ['--layers', '--no-cache']);
  const file = join(OUT, 'reproduced.tar');
  const digest = push(name, file);
  rmSync(file);
  buildah(['rmi', name]);
  buildah(['rmi', '--prune']);
  return digest;
}

async function build(name: string): Promise<Image> {
  await buildAs(name, ['--layers']);
  buildah(['rmi', '--prune']); // what had the name before: every layer is a whole copy
  const file = join(OUT, 'nkvm.tar');
  const digest = push(name, file);
  const id = buildah(['inspect', '--type', 'image', '--format', '{{.FromImageID}}', name]).trim();
  const sbom = join(OUT, 'nkvm.sbom.cdx.json');
  writeFileSync(sbom, imageSbom(name, join(REPOSITORY, 'sidecar/dist/sbom.cdx.json')));
  return { name, file, digest, id: `sha256:${id}`, sbom };
}

async function buildAs(name: string, options: readonly string[]): Promise<void> {
  needRoot('building the image');
  await installMissing(IMAGE_PROGRAMS);
  const bases = await bringBaseImages();
  const at = sourceDate();
  say(`building ${name} upon ${bases.DEBIAN}`);
  await buildahAloud([
    'build',
    ...options,
    '--force-rm',
    '--pull-never',
    '--quiet',
    ...['--timestamp', at, '--build-arg', `SOURCE_DATE_EPOCH=${at}`],
    ...Object.entries(bases).flatMap(([arg, image]) => ['--build-arg', `${arg}=${image}`]),
    ...['--label', `org.opencontainers.image.base.name=${bases.DEBIAN}`],
    '-f',
    CONTAINERFILE,
    '-t',
    name,
    REPOSITORY,
  ]);
}

/** @returns the digest of the manifest */
function push(name: string, file: string): string {
  const digestFile = join(OUT, 'digest');
  buildah(['push', '--quiet', '--digestfile', digestFile, name, `oci-archive:${file}:${name}`]);
  return readFileSync(digestFile, 'utf8').trim();
}

/** @returns when the sources were last changed, in seconds since 1970: the date of all files of the image. */
function sourceDate(): string {
  if (!succeeds('git', ['-C', REPOSITORY, 'rev-parse'])) return '0';
  return (
    run('git', ['-C', REPOSITORY, 'log', '-1', '--format=%ct', '--', ...SOURCES]).trim() || '0'
  );
}
