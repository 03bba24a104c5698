import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Backup } from '../../../sidecar/api/index.ts';
import { readManifest } from '../../../sidecar/src/archive/manifest.ts';
import { archiveOfIndex, manifestName } from '../../../sidecar/src/archive/name.ts';
import { helperSelector } from '../../../sidecar/src/helper/names.ts';
import { installationId } from '../../../sidecar/src/identity.ts';
import { ended } from '../../cluster/support/backups.ts';
import { getJson } from '../../cluster/support/kubectl.ts';
import type { World } from './world.ts';
import { begin } from './world.ts';

/** Parts of uploads that are not complete, below the directory of a bucket (versitygw). */
const UPLOADS = '.sgwtmp';

/** @returns the names at the destination, temporaries and parts of uploads too, in their order. */
export const namesAt = (backups: string): string[] =>
  existsSync(backups)
    ? readdirSync(backups)
        .flatMap(name => (name === UPLOADS ? partsIn(join(backups, name)) : [name]))
        .sort()
    : [];

const partsIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => `${UPLOADS}${join(parentPath, name).slice(directory.length)}`);

/**
 * Whatever happened, a destination holds archives, each with its manifest and the index that it names, which agree, and
 * nothing else.
 * @param unproven how many archives, or indexes of archives, may have no manifest: a crash before it was written leaves
 *   them for an hour.
 * @returns the names of the archives that have one.
 */
export function expectWhole(backups: string, unproven = 0): string[] {
  const all = namesAt(backups);
  // An index gets its name before its archive does.
  const named = new Set(all.map(name => archiveOfIndex(name) ?? name));
  const alone = [...named].filter(
    name => name.endsWith('.tar.gz') && !name.startsWith('.') && !all.includes(manifestName(name))
  );
  expect(alone).toHaveLength(unproven);
  const names = all.filter(name => !alone.includes(archiveOfIndex(name) ?? name));
  const archives = names.filter(name => name.endsWith('.tar.gz'));
  const expected = archives.flatMap(key => {
    const manifest = readManifest(key, readFileSync(join(backups, manifestName(key)), 'utf8'));
    const { index } = manifest;
    for (const file of [{ ...manifest, key }, ...(index ? [index] : [])]) {
      const bytes = readFileSync(join(backups, file.key));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect({ bytes: bytes.length, sha256 }).toEqual({ bytes: file.bytes, sha256: file.sha256 });
    }
    return [key, manifestName(key), ...(index ? [index.key] : [])];
  });
  expect(names).toEqual(expected.sort());
  return archives;
}

/** @returns the names of the helper pods that this sidecar made and that are there. */
export function helpersOf({ sidecar }: World): string[] {
  const { uid } = getJson<{ metadata: { uid: string } }>('namespace', 'kube-system').metadata;
  const labels = helperSelector(installationId(uid, hostname(), join(sidecar.dir, 'nkvm.db')));
  const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return getJson<{ items: { metadata: { name: string } }[] }>(
    'pods',
    '--all-namespaces',
    `--selector=${selector.join(',')}`
  ).items.map(({ metadata }) => metadata.name);
}

/**
 * Checks the state after a run has failed: the destination holds only the earlier archives, no helper is left, and the
 * next backup of the same volume succeeds.
 * @param before how many archives there were before the fault.
 * @returns the run of the next backup.
 */
export async function expectNothingLost(
  world: World,
  volume: { namespace: string; name: string },
  before = 0
): Promise<Backup> {
  expectNothingLeft(world, before);
  const next = await ended(world.call, await begin(world.call, volume));
  expect(next).toMatchObject({ status: 'success', reason: null });
  expectNothingLeft(world, before + 1);
  return next;
}

/** No helper, no temporary, and exactly so many archives, each proven. */
export function expectNothingLeft(world: World, archives: number, unproven = 0): void {
  expect(helpersOf(world)).toEqual([]);
  expect(expectWhole(world.backups, unproven)).toHaveLength(archives);
}
