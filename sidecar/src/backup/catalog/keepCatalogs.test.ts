import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { Place } from '../../destinations/places.ts';
import type { PlaceStatus } from '../../destinations/places/livePlace.ts';
import { StageError } from '../../errors.ts';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import { keepCatalogs } from './keepCatalogs.ts';
import type { ReadCatalog } from './readCatalog.ts';

const away = new StageError('checksum', 'ConnectionRefused', 'away', 'h', 'transient');
const catalog = (archives: number): ReadCatalog => ({
  catalog: { archives, bytes: 0, onlyHere: 0, foreign: 1, readAt: '2026-11-20T10:00:00.000Z' },
  volumes: [],
  ...{ found: 0, lost: 0, foreign: new Set(['f']) },
  listing: { beganAt: '2026-11-20T10:11:12.000Z', known: 1, unlisted: 0, undeleted: [] },
});

let names: string[];
let status: Partial<PlaceStatus>;
let change: () => void;
let now: number;
beforeEach(() => {
  names = ['east'];
  status = { state: 'ready', version: 0 };
  now = 1_000_000;
});

function start(read: () => Promise<ReadCatalog>) {
  const rebuilt: string[] = [];
  const catalogs = keepCatalogs({
    places: {
      all: () => names.map(name => ({ name } as Place)),
      get: name =>
        ({ name, use: () => ({ ...memoryDestination(), id: name }) } as Partial<Place> as Place),
      status: () => status as PlaceStatus,
      onChange(listener) {
        change = listener;
        return () => undefined;
      },
    },
    rebuild: async ({ id }, isKnown) => void rebuilt.push(`${id} ${isKnown('f') ? 'new' : 'all'}`),
    read,
    log: { warn: () => undefined },
    now: () => now,
  });
  onTestFinished(() => catalogs.stop());
  return { catalogs, rebuilt };
}
const eventually = (look: () => unknown) => vi.waitFor(look, { interval: 5 });

it('is read at the start, and again when the settings change', async () => {
  let archives = 1;
  const { catalogs } = start(async () => catalog(archives));
  expect(catalogs.of('east')).toBeUndefined();
  await eventually(() => expect(catalogs.of('east')?.catalog?.archives).toBe(1));
  archives = 2;
  change();
  status = { ...status, version: 1 };
  change();
  expect(catalogs.of('east')).toBeUndefined(); // what was known is of another storage
  await eventually(() => expect(catalogs.of('east')?.catalog?.archives).toBe(2));
});

it('that could not be read keeps what was known, and says why', async () => {
  let fails = false;
  const { catalogs } = start(async () => (fails ? Promise.reject(away) : catalog(1)));
  await eventually(() => expect(catalogs.of('east')).toMatchObject({ problem: null }));
  fails = true;
  await catalogs.read('east');
  expect(catalogs.of('east')).toMatchObject({ catalog: { archives: 1 }, problem: away });
  await catalogs.stop();
});

it('is read again when the destination works again, but not at every change', async () => {
  let fails = true;
  let reads = 0;
  const { catalogs } = start(async () => {
    reads += 1;
    return fails ? Promise.reject(away) : catalog(1);
  });
  await eventually(() => expect(catalogs.of('east')?.problem).toBe(away));
  fails = false;
  change();
  await catalogs.read('west'); // its turn comes after any other
  expect(reads).toBe(2);
  now += 60_000;
  change();
  await eventually(() => expect(catalogs.of('east')?.catalog).toBeDefined());
});

it('does not read again what other installations wrote, unless a person asks', async () => {
  const { catalogs, rebuilt } = start(async () => catalog(1));
  await eventually(() => expect(catalogs.of('east')).toBeDefined());
  await catalogs.read('east');
  expect(rebuilt).toEqual(['east all', 'east all']);
});

it('of a destination that is gone is forgotten', async () => {
  const { catalogs } = start(async () => catalog(1));
  await eventually(() => expect(catalogs.of('east')).toBeDefined());
  names = [];
  change();
  expect(catalogs.of('east')).toBeUndefined();
});

it('is not tried while the destination is paused or not valid', async () => {
  status = { state: 'paused', version: 0 };
  const { catalogs, rebuilt } = start(async () => catalog(1));
  change();
  expect(rebuilt).toEqual([]);
  status = { state: 'ready', version: 0 };
  change();
  await eventually(() => expect(catalogs.of('east')).toBeDefined());
});
