import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildImage } from '../../deploy/image/image.ts';
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

/** Builds an image from the product's own, changed by one command, and puts it on the nodes. @returns its name. */
async function imageWith(name: string, change: string): Promise<string> {
  const { name: base } = await buildImage();
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-image-'));
  try {
    writeFileSync(join(dir, 'Containerfile'), `FROM ${base}\nUSER 0\nRUN ${change}\n`);
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

const OTHER_TAR = `printf '#!/bin/sh\\necho "tar (busybox) 1.35.0"\\n' >"$(command -v tar)"`;

it.each<[string, string]>([
  ['no tar', 'rm "$(command -v tar)"'],
  ['a tar that is not GNU’s', OTHER_TAR],
])(
  '[no archive] helper image without GNU tar: failed at exec before anything is read: %s',
  async (name, change) => {
    const image = await imageWith(`nkvm.test/unfit:${name.length}`, change);
    const world = await worldWith({ NKVM_HELPER_IMAGE: image });
    expect(await ended(world.call, await begin(world.call, faultVolume()))).toMatchObject({
      status: 'failed',
      stage: 'exec',
      reason: 'HelperImageUnfit',
      message: 'the helper image lacks GNU tar',
      hint: expect.stringContaining('NKVM_HELPER_IMAGE'),
      bytes: null,
      archive: null,
    });
    expectNothingLeft(world, 0);
  }
);
