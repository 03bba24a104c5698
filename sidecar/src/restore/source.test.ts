import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Backup } from '../../api/index.ts';
import type { Manifest } from '../archive/manifest.ts';
import { manifestName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import type { Places } from '../destinations/places.ts';
import { exampleManifest } from '../testing/archive/exampleManifest.ts';
import { failing } from '../testing/destinations/failingDestination.ts';
import { fixedPlaces } from '../testing/destinations/fixedPlaces.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import { onePlace } from '../testing/destinations/onePlace.ts';
import { exampleCopy } from '../testing/history/exampleCopy.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import { findSource } from './source.ts';

const BYTES = Buffer.from('an archive, as far as this is concerned');
const sha256 = createHash('sha256').update(BYTES).digest('hex');
const manifest = exampleManifest({ bytes: BYTES.length, sha256 });
const KEY = manifest.archive;

async function stored({
  key = KEY,
  json = JSON.stringify(manifest) as string | undefined,
} = {}): Promise<Destination> {
  const destination = memoryDestination();
  const staged = await destination.stage(key, Readable.from([BYTES]));
  await staged.publish();
  if (json !== undefined) await destination.put(manifestName(key), json);
  return destination;
}
const edited = (change: Partial<Manifest> | { formatVersion: number; readableBy: number }) => ({
  json: JSON.stringify({ ...manifest, ...change }),
});

/** A world with a backup that has this copy. */
function worldOf(destination: Destination, change: Partial<Backup> = {}) {
  const run: Backup = {
    ...exampleRun({ id: manifest.runId }),
    status: 'success',
    copies: [exampleCopy({ destination: destination.id, key: KEY, bytes: BYTES.length, sha256 })],
    ...change,
  };
  return {
    places: onePlace(destination),
    history: { get: (id: string) => (id === run.id ? run : undefined) },
  };
}

describe('the source of a restore', () => {
  it('is the copy of a backup, with its manifest', async () => {
    const world = worldOf(await stored());
    const source = await findSource(manifest.runId, world);
    expect(source).toMatchObject({
      key: KEY,
      bytes: BYTES.length,
      sha256,
      run: { id: manifest.runId },
      manifest: { archive: KEY },
      source: { namespace: 'shop', name: 'orders-db' },
    });
  });

  it('is the copy of a backup whose manifest is gone: the history has the digest', async () => {
    const destination = await stored();
    await destination.remove(manifestName(KEY));
    const source = await findSource(manifest.runId, worldOf(destination));
    expect(source).toMatchObject({ manifest: undefined, sha256 });
  });

  it('is an archive of another installation, with its manifest', async () => {
    const destination = await stored();
    const world = { places: onePlace(destination), history: { get: () => undefined } };
    expect(await findSource(`archive:${KEY}`, world)).toMatchObject({
      run: undefined,
      sha256,
      source: { namespace: 'shop', name: 'orders-db', createdAt: manifest.createdAt },
    });
  });

  it('is a file that somebody has put there, of which nothing is known', async () => {
    const destination = await stored({ key: 'by-hand.tar.gz', json: undefined });
    await destination.remove(manifestName('by-hand.tar.gz'));
    const world = { places: onePlace(destination), history: { get: () => undefined } };
    expect(await findSource('archive:by-hand.tar.gz', world)).toMatchObject({
      key: 'by-hand.tar.gz',
      sha256: undefined,
      manifest: undefined,
      source: { namespace: null, name: null },
    });
  });

  it('is an upload', async () => {
    const destination = await stored();
    const upload = { destination, key: KEY, bytes: BYTES.length, sha256 };
    const world = {
      ...worldOf(destination),
      uploadOf: (id: string) => (id === 'u1' ? upload : undefined),
    };
    expect(await findSource('upload:u1', world)).toMatchObject({ ...upload, manifest: undefined });
    await expect(findSource('upload:u2', world)).rejects.toMatchObject({
      reason: 'UploadNotFound',
    });
  });

  const id = manifest.runId;
  it.each<[string, string, Parameters<typeof stored>[0], Partial<Backup>, string, RegExp]>([
    ['an unknown id', 'none', {}, {}, 'BackupNotFound', /no backup none/],
    ['another kind of run', id, {}, { kind: 'restore' }, 'BackupNotFound', /no backup/],
    [
      'a backup that failed',
      id,
      {},
      { status: 'failed', copies: [] },
      'BackupHasNoArchive',
      /its status is failed/,
    ],
    [
      'a backup whose copy was deleted',
      id,
      {},
      {
        copies: worldOf(memoryDestination())
          .history.get(id)
          ?.copies.map(copy => ({ ...copy, state: 'deleted' as const })),
      } as Partial<Backup>,
      'ArchiveMissing',
      /it is deleted/,
    ],
    [
      'an increment that a listing has found without an archive that it needs',
      id,
      {},
      {
        copies: worldOf(memoryDestination())
          .history.get(id)
          ?.copies.map(copy => ({
            ...copy,
            state: 'missing' as const,
            problem: {
              ...{ stage: 'queue' as const, reason: 'ChainIncomplete', hint: 'h' },
              ...{ message: 'it needs full, which is not there' },
              failureClass: 'needs-action' as const,
            },
          })),
      } as Partial<Backup>,
      'ChainIncomplete',
      /needs full, which is not there/,
    ],
    ['an archive that is gone', 'archive:none.tar.gz', {}, {}, 'ArchiveMissing', /not there/],
    ['a path', 'archive:../etc.tar.gz', {}, {}, 'BadKey', /begins with a dot/],
    ['a manifest', `archive:${manifestName(KEY)}`, {}, {}, 'NotAnArchive', /not named like/],
    [
      'a manifest of another archive',
      id,
      { json: JSON.stringify(exampleManifest({ runId: 'zz' })) },
      {},
      'ManifestMismatch',
      /belongs to another archive/,
    ],
    [
      'an archive that is cut',
      `archive:${KEY}`,
      edited({ bytes: 100, seal: { ...manifest.seal, bytes: 100 } }),
      {},
      'ArchiveSizeDiffers',
      /has 39 bytes; its manifest says 100/,
    ],
    [
      'a manifest of a later format',
      id,
      edited({ formatVersion: 9, readableBy: 9 }),
      {},
      'ManifestTooNew',
      /format version 9/,
    ],
    ['a manifest that cannot be read', id, { json: '{' }, {}, 'ManifestUnreadable', /manifest/],
    [
      'a manifest whose digest is not that of the history',
      id,
      edited({ sha256: 'cd'.repeat(32), seal: { ...manifest.seal, sha256: 'cd'.repeat(32) } }),
      {},
      'ManifestMismatch',
      /different digests/,
    ],
  ])('is refused for %s', async (_, asked, files, run, reason, message) => {
    const world = worldOf(await stored(files), run);
    await expect(findSource(asked, world)).rejects.toMatchObject({
      reason,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
    });
  });
});

describe('several copies of a backup', () => {
  const at = (id: string, destination: Destination, isNear = true) => ({
    ...destination,
    id,
    isNear,
  });
  const worldWith = (places: Places) => {
    const run = exampleRun({ id: manifest.runId });
    const [copy] = run.copies;
    const copies = ['far', 'near'].map(destination => ({
      ...(copy as NonNullable<typeof copy>),
      ...{ destination, key: KEY, bytes: BYTES.length, sha256 },
    }));
    return { places, history: { get: () => ({ ...run, copies }) } };
  };

  it('are read where that costs no download', async () => {
    const [far, near] = [await stored(), await stored()];
    const places = fixedPlaces([at('far', far, false), at('near', near)]);
    const source = await findSource(manifest.runId, worldWith(places));
    expect(source.destination.id).toBe('near');
  });

  it('are read where they are there, when the nearest is not, or cannot be used', async () => {
    const far = at('far', await stored(), false);
    for (const near of [memoryDestination(), failing(await stored(), 'stat')]) {
      const places = fixedPlaces([far, at('near', near)]);
      expect((await findSource(manifest.runId, worldWith(places))).destination.id).toBe('far');
    }
    const source = await findSource(manifest.runId, worldWith(fixedPlaces([far])));
    expect(source.destination.id).toBe('far');
  });

  it('are read elsewhere when one was of no use, and the first failure is told when none is', async () => {
    const places = fixedPlaces([at('far', await stored(), false), at('near', await stored())]);
    const world = worldWith(places);
    const source = await findSource(manifest.runId, world, undefined, new Set(['near']));
    expect(source.destination.id).toBe('far');
    const none = fixedPlaces([
      at('far', memoryDestination(), false),
      at('near', memoryDestination()),
    ]);
    await expect(findSource(manifest.runId, worldWith(none))).rejects.toMatchObject({
      reason: 'ArchiveMissing',
    });
  });
});
