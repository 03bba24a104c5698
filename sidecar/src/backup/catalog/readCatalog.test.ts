import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Copy } from '../../../api/index.ts';
import { writeManifest } from '../../archive/manifest.ts';
import { archiveName, manifestName } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import { chainThere } from '../../destinations/read/chainThere.ts';
import { StageError } from '../../errors.ts';
import type { History } from '../../history/history.ts';
import { openHistory } from '../../history/openHistory.ts';
import { exampleManifest } from '../../testing/archive/exampleManifest.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { readCatalog } from './readCatalog.ts';

const SHA256 = exampleManifest().sha256;
const NOW = new Date('2026-11-20T10:00:00Z');
let history: History;
let storage: ReturnType<typeof memoryStorage>;
let destination: Destination;
let logged: string[];

beforeEach(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-catalog-'));
  history = await openHistory(join(dir, 'nkvm.db'));
  storage = memoryStorage();
  destination = memoryDestination(storage);
  logged = [];
  onTestFinished(async () => {
    await history.close();
    rmSync(dir, { recursive: true });
  });
});

const keyOf = (run: string, pvc = 'orders-db') =>
  archiveName({
    cluster: 'kind',
    namespace: 'shop',
    pvc,
    at: new Date('2026-11-19T10:00:00Z'),
    runId: run,
  });

/** A run with copies, by the id of their destinations. */
async function record(
  run: string,
  states: Record<string, Copy['state']>,
  { provenAt = '2026-11-19T10:00:00.000Z', bytes = 1 } = {}
) {
  const [example] = exampleRun({ id: run }).copies;
  if (!example) throw new Error('the example has no copy');
  const copies = Object.entries(states).map(([to, state]) => ({
    ...example,
    ...{ destination: to, key: keyOf(run), state, provenAt, bytes },
  }));
  await history.add([exampleRun({ id: run, copies })]);
}

async function store(
  run: string,
  bytes: number,
  { pvc, hasManifest = true } = {} as { pvc?: string; hasManifest?: boolean }
) {
  await destination.put(keyOf(run, pvc), 'x'.repeat(bytes));
  if (hasManifest) await destination.put(manifestName(keyOf(run, pvc)), '{}');
}

const read = (to: Destination = destination) =>
  readCatalog({
    ...{ destination: to, history, installation: 'us', now: () => NOW },
    log: {
      info: (_, text) => logged.push(text),
      warn: (_, text) => logged.push(text),
      error: (_, text) => logged.push(text),
    },
    signal: new AbortController().signal,
  });
const statesOf = (run: string) =>
  Object.fromEntries((history.get(run)?.copies ?? []).map(copy => [copy.destination, copy.state]));

describe('the catalog of a destination', () => {
  it('counts archives, their volumes, and what is only here', async () => {
    await record('r1', { memory: 'present', offsite: 'present' }, { bytes: 10 });
    await record('r2', { memory: 'present' }, { bytes: 20 });
    await store('r1', 10);
    await store('r2', 20);
    await store('other', 5, { pvc: 'carts' });
    await store('half', 1, { hasManifest: false });
    const { catalog, volumes, foreign } = await read();
    expect(catalog).toEqual({
      archives: 4,
      bytes: 36,
      onlyHere: 1,
      foreign: 1,
      readAt: NOW.toISOString(),
    });
    expect([...foreign]).toEqual(['other']);
    const newestAt = '2026-11-19T10:00:00.000Z';
    const of = { cluster: 'kind', namespace: 'shop', newestAt };
    expect(volumes).toEqual([
      { ...of, name: 'orders-db', archives: 3, bytes: 31 },
      { ...of, name: 'carts', archives: 1, bytes: 5 },
    ]);
  });

  it('marks what is not there any more as missing, at this destination only, and says so', async () => {
    await record('r1', { memory: 'present', offsite: 'present' });
    await record('r2', { memory: 'present' });
    await store('r2', 1);
    expect(await read()).toMatchObject({ lost: 1, found: 0 });
    expect(statesOf('r1')).toEqual({ memory: 'missing', offsite: 'present' });
    expect(statesOf('r2')).toEqual({ memory: 'present' });
    expect(logged).toEqual([
      expect.stringContaining('1 archives are missing at destination memory'),
    ]);
  });

  it('does not count on an archive that was cut, until it is whole again', async () => {
    await record('r1', { memory: 'present' }, { bytes: 3 });
    await store('r1', 2);
    expect(await read()).toMatchObject({ lost: 1, listing: { known: 1, unlisted: 0 } });
    const [cut] = history.get('r1')?.copies ?? [];
    expect(cut).toMatchObject({ state: 'missing', problem: { reason: 'ArchiveSizeDiffers' } });
    expect(await read()).toMatchObject({ lost: 0, found: 0 });
    storage.archives.set(keyOf('r1'), Buffer.from('xxx'));
    expect(await read()).toMatchObject({ found: 1 });
    expect(history.get('r1')?.copies).toMatchObject([{ state: 'present', problem: null }]);
  });

  it('marks what is missing although another archive of its run is there', async () => {
    await record('r1', { memory: 'present' }, { bytes: 3 });
    const earlier = keyOf('r1').replace('20261119T100000Z', '20261119T095900Z');
    await destination.put(earlier, 'xx');
    expect(await read()).toMatchObject({ lost: 1 });
    expect(statesOf('r1')).toEqual({ memory: 'missing' });
  });

  it('finds again what was missing', async () => {
    await record('r1', { memory: 'missing' });
    await store('r1', 1);
    expect(await read()).toMatchObject({ lost: 0, found: 1 });
    expect(statesOf('r1')).toEqual({ memory: 'present' });
  });

  it('does not take what has another size for what was missing', async () => {
    await record('r1', { memory: 'missing' });
    await store('r1', 2);
    expect(await read()).toMatchObject({ lost: 0, found: 0 });
    expect(statesOf('r1')).toEqual({ memory: 'missing' });
  });

  describe('of an increment', () => {
    const link = (run: string) => ({
      ...{ runId: run, archive: keyOf(run), bytes: 1, sha256: SHA256 },
    });
    /** A full archive, and increments that need all before them; their files are there. */
    async function chain(...runs: string[]) {
      for (const [at, run] of runs.entries()) {
        await record(run, { memory: 'present', offsite: 'present' });
        await history.commit(run, { chain: { links: runs.slice(0, at).map(link) } });
        await store(run, 1);
        await destination.remove(manifestName(keyOf(run)));
        await destination.put(manifestName(keyOf(run)), manifestWith(run, runs.slice(0, at)));
      }
    }
    const manifestWith = (run: string, links: readonly string[]) =>
      writeManifest(
        exampleManifest({
          ...{ archive: keyOf(run), runId: run, bytes: 1 },
          chain: { links: links.map(link) },
        })
      );

    it('marks it as missing where an archive that it needs is gone, at this destination only', async () => {
      await chain('r1', 'r2', 'r3');
      await chain('s1', 's2');
      await destination.remove(keyOf('r2'));
      expect(await read()).toMatchObject({ lost: 2 });
      expect(['r1', 'r2', 'r3', 's1', 's2'].map(run => statesOf(run).memory)).toEqual([
        ...['present', 'missing', 'missing', 'present', 'present'],
      ]);
      expect(statesOf('r3').offsite).toBe('present');
      const [copy] = history.get('r3')?.copies ?? [];
      expect(copy?.problem).toMatchObject({
        reason: 'ChainIncomplete',
        message: expect.stringContaining(`needs ${keyOf('r2')}, which is not there`),
      });
      expect(await read()).toMatchObject({ lost: 0, found: 0 });
    });

    it.each<[string, (manifest: string) => string | undefined, string]>([
      ['is gone', () => undefined, 'has no manifest there'],
      ['is empty', () => '', 'has a damaged manifest there'],
    ])(
      'marks it as missing where a manifest that it needs %s, until it is back',
      async (_, wrong, why) => {
        await chain('r1', 'r2', 'r3');
        const key = manifestName(keyOf('r2'));
        const manifest = storage.archives.get(key)!;
        await destination.remove(key);
        const other = wrong(manifest.toString());
        if (other !== undefined) await destination.put(key, other);
        expect(await read()).toMatchObject({ lost: 1 });
        expect(['r1', 'r2', 'r3'].map(run => statesOf(run).memory)).toEqual([
          ...['present', 'present', 'missing'],
        ]);
        expect(history.get('r3')?.copies[0]?.problem).toMatchObject({
          reason: 'ChainIncomplete',
          message: expect.stringContaining(`needs ${keyOf('r2')}, which ${why}`),
        });
        expect(await read()).toMatchObject({ lost: 0, found: 0 });
        storage.archives.set(key, manifest);
        expect(await read()).toMatchObject({ lost: 0, found: 1 });
      }
    );

    it.each<[string, (manifest: string) => string, string]>([
      ['is cut', text => text.slice(0, 99), 'has a damaged manifest there'],
      ['is no text', () => 'x'.repeat(5_000_000), 'has a damaged manifest there'],
      ['belongs to another archive', text => text.replaceAll('r2', 'rx'), 'of another archive'],
      [
        'belongs to an archive with other contents',
        text => text.replaceAll(SHA256, 'cd'.repeat(32)),
        'of another archive',
      ],
      ['says another size', text => text.replaceAll('"bytes": 1,', '"bytes": 2,'), 'has 1 bytes'],
    ])('does not find it again while a manifest that it needs %s', async (_, other, why) => {
      await chain('r1', 'r2', 'r3');
      const key = manifestName(keyOf('r2'));
      const manifest = storage.archives.get(key)!;
      await destination.remove(key);
      await read();
      storage.archives.set(key, Buffer.from(other(manifest.toString())));
      expect(await read()).toMatchObject({ lost: 0, found: 0 });
      const ask = chainThere(keyOf('r3'), history.get('r3')!.chain, destination);
      await expect(ask).rejects.toMatchObject({
        reason: 'ChainIncomplete',
        message: expect.stringContaining(why),
      });
    });

    it('asks nothing where each manifest is there', async () => {
      await chain('r1', 'r2', 'r3');
      const silent: Destination = {
        ...destination,
        stat: () => Promise.reject(new Error('asked')),
      };
      expect(await read(silent)).toMatchObject({ lost: 0 });
    });

    it('has it again as soon as that archive is there again', async () => {
      await chain('r1', 'r2', 'r3');
      const first = storage.archives.get(keyOf('r1'))!;
      await destination.remove(keyOf('r1'));
      await read();
      expect(['r1', 'r2', 'r3'].map(run => statesOf(run).memory)).toEqual(Array(3).fill('missing'));
      storage.archives.set(keyOf('r1'), first);
      expect(await read()).toMatchObject({ lost: 0, found: 3 });
      expect(history.get('r3')?.copies[0]).toMatchObject({ state: 'present', problem: null });
    });

    it('asks the storage where the history lacks that archive only', async () => {
      await chain('r1', 'r2');
      await history.commit('r1', { copies: [] });
      expect(await read()).toMatchObject({ lost: 0 });
      expect(statesOf('r2').memory).toBe('present');
    });

    it('concludes nothing where this version cannot read the manifest of that archive', async () => {
      await chain('r1', 'r2');
      await history.commit('r1', { copies: [] });
      await destination.remove(manifestName(keyOf('r1')));
      await destination.put(manifestName(keyOf('r1')), '{"formatVersion": 99}');
      expect(await read()).toMatchObject({ lost: 0 });
      expect(statesOf('r2').memory).toBe('present');
    });
  });

  it('leaves copies alone that were deleted, are awaited, or have failed', async () => {
    await record('r1', { memory: 'deleted' });
    await record('r2', { memory: 'awaited' });
    await record('r3', { memory: 'failed' });
    expect(await read()).toMatchObject({ lost: 0, found: 0 });
    expect([statesOf('r1'), statesOf('r2'), statesOf('r3')]).toEqual([
      { memory: 'deleted' },
      { memory: 'awaited' },
      { memory: 'failed' },
    ]);
  });
});

describe('nothing is concluded', () => {
  const broken = new StageError('checksum', 'ConnectionBroke', 'broke', 'h', 'transient');

  it('from a listing that fails half-way', async () => {
    await record('r1', { memory: 'present' });
    await record('r2', { memory: 'missing' });
    await store('r2', 1);
    const half: Destination = {
      ...destination,
      async *list(listing) {
        yield* destination.list(listing);
        throw broken;
      },
    };
    await expect(read(half)).rejects.toBe(broken);
    expect([statesOf('r1'), statesOf('r2')]).toEqual([
      { memory: 'present' },
      { memory: 'missing' },
    ]);
  });

  it('from a listing that lags behind: the archive itself is asked for', async () => {
    await record('r1', { memory: 'present' });
    await store('r1', 1);
    const lagging: Destination = { ...destination, async *list() {} };
    expect(await read(lagging)).toMatchObject({ lost: 0 });
    expect(statesOf('r1')).toEqual({ memory: 'present' });
  });

  it('when it cannot be asked for', async () => {
    await record('r1', { memory: 'present' });
    const silent: Destination = { ...destination, stat: async () => Promise.reject(broken) };
    await expect(read(silent)).rejects.toBe(broken);
    expect(statesOf('r1')).toEqual({ memory: 'present' });
  });

  it('of an archive that was written meanwhile', async () => {
    await record('r1', { memory: 'present' }, { provenAt: '2026-11-20T10:00:01.000Z' });
    const before: Destination = { ...destination, async *list() {} };
    expect(await read(before)).toMatchObject({ lost: 0 });
    expect(statesOf('r1')).toEqual({ memory: 'present' });
  });
});

it('sweeps files that a check of this installation has left an hour ago', async () => {
  const old = new Date(NOW.getTime() - 3_700_000);
  for (const key of ['nkvm-check-us-old', 'nkvm-check-us-new', 'nkvm-check-other-old']) {
    await destination.put(key, 'x');
    storage.modifiedAt.set(key, key.endsWith('new') ? NOW : old);
  }
  await read();
  expect([...storage.archives.keys()].sort()).toEqual([
    'nkvm-check-other-old',
    'nkvm-check-us-new',
  ]);
});
