import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bringBaseImages, DEBIAN } from '../../deploy/image/base-images.ts';
import { buildah } from '../cluster/machine/buildah.ts';
import { importImage } from '../cluster/machine/images.ts';
import { PAUSE_IMAGE } from '../cluster/machine/paths.ts';
import { ended } from '../cluster/support/backups.ts';
import { expectNothingLeft } from './support/afterwards.ts';
import { faultVolume } from './support/volume.ts';
import { begin, worldWith } from './support/world.ts';

it('[no archive] helper image without any tool: failed at wait, by name', async () => {
  const world = await worldWith({ NKVM_HELPER_IMAGE: PAUSE_IMAGE });
  expect(await ended(world.call, await begin(world.call, faultVolume()))).toMatchObject({
    status: 'failed',
    stage: 'wait',
    reason: 'HelperNotStarted',
    hint: expect.stringContaining('NKVM_HELPER_IMAGE'),
    archive: null,
  });
  expectNothingLeft(world, 0);
});

/** Builds an image with a shell and everything that Debian brings but tar, and puts it on the nodes. @returns its name. */
async function imageWithoutTar(): Promise<string> {
  const name = 'nkvm.test/no-tar:1';
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-no-tar-'));
  try {
    await bringBaseImages();
    writeFileSync(join(dir, 'Containerfile'), `FROM ${DEBIAN}\nRUN rm "$(command -v tar)"\n`);
    buildah(['build', '--quiet', '--pull-never', '--tag', name, dir]);
    const file = join(dir, 'image.tar');
    const digestFile = join(dir, 'digest');
    buildah(['push', '--quiet', '--digestfile', digestFile, name, `oci-archive:${file}:${name}`]);
    await importImage({ name, file, digest: readFileSync(digestFile, 'utf8').trim() });
    return name;
  } finally {
    buildah(['rmi', '--force', name]); // each is a whole copy
    rmSync(dir, { recursive: true });
  }
}

it('[no archive] helper image without tar: failed at exec, by name', async () => {
  const world = await worldWith({ NKVM_HELPER_IMAGE: await imageWithoutTar() });
  expect(await ended(world.call, await begin(world.call, faultVolume()))).toMatchObject({
    status: 'failed',
    stage: 'exec',
    reason: 'PackFailed',
    message: 'the packing command ended with exit code 127: the helper image has no tar',
    hint: expect.stringContaining('NKVM_HELPER_IMAGE'),
    archive: null,
  });
  expectNothingLeft(world, 0);
});
