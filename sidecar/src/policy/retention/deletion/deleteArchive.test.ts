import { beforeEach, describe, expect, it } from 'vitest';
import { indexName, manifestName } from '../../../archive/name.ts';
import { readCatalog } from '../../../backup/catalog/readCatalog.ts';
import { rebuildHistory } from '../../../backup/rebuildHistory.ts';
import { deleteUnproven, UNPROVEN_AGE_MS } from '../../../backup/unproven.ts';
import type { Destination } from '../../../destinations/destination.ts';
import { sameAs } from '../../../destinations/places/sameStorage.ts';
import { StageError } from '../../../errors.ts';
import type { History, RunRecord } from '../../../history/history.ts';
import { putArchive } from '../../../testing/archive/putArchive.ts';
import { failing } from '../../../testing/destinations/failingDestination.ts';
import { fixedPlaces } from '../../../testing/destinations/fixedPlaces.ts';
import type { MemoryStorage } from '../../../testing/destinations/memoryDestination.ts';
import {
  memoryDestination,
  memoryStorage,
} from '../../../testing/destinations/memoryDestination.ts';
import { exampleRun } from '../../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../../testing/history/testDisk.ts';
import type { DeletionWorld, Victim } from './deleteArchive.ts';
import { deleteArchive, finishDeletion } from './deleteArchive.ts';
import { noDependents } from './inUse.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const INSTALLATION = '0123456789abcdef';
const CLUSTER = '9f2c1b7a-5e0d-4c63-b1a8-7d2e4f6a8c90';
const identity = { clusterUid: CLUSTER, installation: INSTALLATION };
const signal = new AbortController().signal;
const log = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} } as never;

let history: History;
let storage: MemoryStorage;
let destination: Destination;
let run: RunRecord;
let key: string;
let victim: Victim;

beforeEach(async () => {
  history = await openFor(newPath());
  storage = memoryStorage();
  destination = memoryDestination(storage);
  run = exampleRun({ priority: 'scheduled', clusterUid: CLUSTER });
  key = run.copies[0]?.key ?? '';
  const bytes = 5;
  run = {
    ...run,
    bytes,
    copies: run.copies.map(copy => ({ ...copy, destination: 'memory', bytes })),
  };
  await history.add([run]);
  store({});
  victim = { run: run.id, destination: 'memory', key, keep: 'last=3' };
});

/** Stores its files of 5 bytes, with a manifest that differs by `change`. */
const store = (change: Parameters<typeof putArchive>[1]) =>
  putArchive(
    storage,
    {
      ...{ runId: run.id, archive: key, bytes: 5, pvcUid: run.uid, installation: INSTALLATION },
      ...{ clusterUid: CLUSTER, namespaceUid: run.namespaceUid },
      provenAt: run.copies[0]?.provenAt ?? null,
      ...change,
    },
    5
  );

const worldOf = (change: Partial<DeletionWorld> = {}): DeletionWorld => ({
  history,
  isRead: () => false,
  dependsOn: noDependents,
  clusters: new Set([CLUSTER]),
  installation: INSTALLATION,
  now: () => NOW,
  signal,
  ...change,
});
const copyNow = () => history.get(run.id)?.copies[0];
const keys = () => [...storage.archives.keys()].sort();
const all = () => [key, indexName(key), manifestName(key)].sort();

it('deletes an archive with its index and its manifest, and the run says when and why', async () => {
  expect(await deleteArchive(victim, destination, worldOf())).toBe('deleted');
  expect(keys()).toEqual([]);
  expect(copyNow()).toMatchObject({
    state: 'deleted',
    problem: {
      reason: 'DeletedByRetention',
      message: 'deleted by retention at 2026-11-20T12:00:00.000Z: no rule of last=3 keeps it',
    },
  });
  expect(history.get(run.id)).toMatchObject({ status: 'success', archive: null });
});

it('deletes one of which another destination, which does not answer, has a file of its own', async () => {
  const [copy] = run.copies;
  const other = { ...copy!, destination: 'nas', provenAt: '2026-11-20T10:30:00.000Z' };
  await history.commit(run.id, { copies: [...run.copies, other] });
  const nas = failing({ ...destination, id: 'nas' }, 'stat');
  const isSame = sameAs(destination, fixedPlaces([destination, nas]), INSTALLATION);
  expect(await deleteArchive(victim, destination, worldOf({ isSame }))).toBe('deleted');
  expect(keys()).toEqual([]);
});

describe('leaves an archive alone', () => {
  const untouched = () => {
    expect(keys()).toEqual(all());
    expect(copyNow()).toMatchObject({ state: 'present', problem: null });
  };

  it.each<[string, Parameters<typeof putArchive>[1]]>([
    ['of another cluster', { clusterUid: 'other' }],
    ['of another installation', { installation: 'fedcba9876543210' }],
    ['of a claim with the same name', { pvcUid: 'other' }],
    ['of a claim whose name only begins alike', { pvc: 'orders-db-0' }],
    ['of another namespace', { namespace: 'shop-2' }],
    ['of another run', { runId: 'other' }],
    ['with another size than its manifest says', { bytes: 6 }],
  ])('%s', async (_, manifest) => {
    store(manifest);
    await expect(deleteArchive(victim, destination, worldOf())).rejects.toThrow();
    untouched();
  });

  it('without a manifest', async () => {
    storage.archives.delete(manifestName(key));
    await expect(deleteArchive(victim, destination, worldOf())).rejects.toThrow();
    expect(keys()).toEqual([key, indexName(key)].sort());
    expect(copyNow()?.state).toBe('present');
  });

  it.each(['verify', 'drill', 'copy', 'restore'] as const)('that a %s reads', async kind => {
    const details = { kind, backup: run.id, archive: key, safetyBackupId: null } as never;
    const reader = {
      ...exampleRun({ kind, status: 'queued', endedAt: null, copies: [] }),
      details,
    };
    const unfinished = () => [reader];
    const world = worldOf({ history: { ...historyCalls(), unfinished } });
    expect(await deleteArchive(victim, destination, world)).toBe('used');
    untouched();
  });

  it.each(['copy', 'restore'] as const)('that a %s of an increment needs', async kind => {
    const link = { runId: run.id, archive: key, bytes: 5, sha256: 'ab'.repeat(32) };
    const increment = exampleRun({ id: 'later', copies: [], chain: { links: [link] } });
    await history.add([increment]);
    const details = { kind, backup: increment.id, archive: 'a', safetyBackupId: null } as never;
    const reader = {
      ...exampleRun({ kind, status: 'queued', endedAt: null, copies: [] }),
      details,
    };
    const world = worldOf({ history: { ...historyCalls(), unfinished: () => [reader] } });
    expect(await deleteArchive(victim, destination, world)).toBe('used');
    untouched();
  });

  it('that is being read', async () => {
    const world = worldOf({ isRead: (to, one) => to === 'memory' && one === key });
    expect(await deleteArchive(victim, destination, world)).toBe('used');
    untouched();
  });

  it('that another one depends on', async () => {
    const world = worldOf({ dependsOn: id => (id === run.id ? ['later'] : []) });
    expect(await deleteArchive(victim, destination, world)).toBe('used');
    untouched();
  });

  it('that a restore was asked for while the history was written', async () => {
    let isAsked = false;
    const calls = historyCalls();
    const world = worldOf({
      isRead: () => isAsked,
      history: {
        ...calls,
        async commit(...change) {
          await calls.commit(...change);
          isAsked = true;
        },
      },
    });
    expect(await deleteArchive(victim, destination, world)).toBe('used');
    untouched();
  });

  it('that another destination has as its copy, because both are the same storage', async () => {
    const [copy] = run.copies;
    const copies = [...run.copies, { ...copy!, destination: 'mount' }];
    await history.commit(run.id, { copies });
    const places = fixedPlaces([destination, { ...destination, id: 'mount' }]);
    const world = worldOf({ isSame: sameAs(destination, places, INSTALLATION) });
    await expect(deleteArchive(victim, destination, world)).rejects.toMatchObject({
      reason: 'DestinationSame',
    });
    untouched();
  });

  it('that may be the copy of another destination, which does not answer', async () => {
    const [copy] = run.copies;
    const copies = [...run.copies, { ...copy!, destination: 'mount' }];
    await history.commit(run.id, { copies });
    const mount = failing({ ...destination, id: 'mount' }, 'stat');
    const isSame = () => sameAs(destination, fixedPlaces([destination, mount]), INSTALLATION);
    await expect(
      deleteArchive(victim, destination, worldOf({ isSame: isSame() }))
    ).rejects.toMatchObject({
      reason: 'DestinationSame',
      hint: expect.stringContaining('when mount answers again'),
    });
    untouched();
    const problem = {
      stage: 'cleanup',
      ...{ reason: 'DeletedByRetention', message: 'm', hint: 'h' },
      failureClass: 'needs-action',
    } as const;
    await history.commit(run.id, {
      copies: [{ ...copies[0]!, state: 'deleted', problem }, copies[1]!],
    });
    await expect(
      finishDeletion(run.id, destination, worldOf({ isSame: isSame() }))
    ).rejects.toMatchObject({ reason: 'DestinationSame' });
    expect(keys()).toEqual(all());
  });

  it('where the destination refuses, and says so', async () => {
    const locked = new StageError('cleanup', 'ArchiveProtected', 'locked', 'wait', 'needs-action');
    for (const which of [manifestName(key), key]) {
      const to = {
        ...destination,
        async remove(one: string) {
          if (one === which) throw locked;
          await destination.remove(one);
        },
      };
      await expect(deleteArchive(victim, to, worldOf())).rejects.toMatchObject({
        reason: 'DeletionRefused',
      });
      untouched();
    }
  });

  it('where the destination only says that it has deleted', async () => {
    const to = { ...destination, remove: async () => undefined };
    await expect(deleteArchive(victim, to, worldOf())).rejects.toMatchObject({
      reason: 'DeletionRefused',
    });
    untouched();
  });

  it('where the history does not take the change', async () => {
    const commit = async () => {
      throw new Error('the disk is full');
    };
    const world = worldOf({ history: { ...historyCalls(), commit } });
    await expect(deleteArchive(victim, destination, world)).rejects.toThrow('the disk is full');
    untouched();
  });
});

const historyCalls = () => ({
  get: history.get.bind(history),
  commit: history.commit.bind(history),
  unfinished: history.unfinished.bind(history),
});

describe('killed between two steps', () => {
  class Killed extends Error {}

  /** A world that ends before, or after, its call number `at` that changes anything. */
  function mortal(at: number, isAfter: boolean) {
    let calls = 0;
    let isDead = false;
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isDead) throw new Killed();
      calls += 1;
      if (calls !== at) return await work();
      if (isAfter) await work();
      isDead = true;
      throw new Killed();
    };
    /** A dead process looks at nothing, either. */
    const look = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isDead) throw new Killed();
      return await work();
    };
    const to: Destination = {
      ...destination,
      stat: (...args) => look(() => destination.stat(...args)),
      open: (...args) => look(() => destination.open(...args)),
      put: (...args) => step(() => destination.put(...args)),
      remove: (...args) => step(() => destination.remove(...args)),
    };
    const calls_ = historyCalls();
    const world = worldOf({
      history: { ...calls_, commit: (...args) => step(() => calls_.commit(...args)) },
    });
    return { to, world, count: () => calls };
  }

  it('has five steps', async () => {
    const { to, world, count } = mortal(100, false);
    await deleteArchive(victim, to, world);
    expect(count()).toBe(5);
  });

  const places = [1, 2, 3, 4, 5].flatMap(at => [[at, false] as const, [at, true] as const]);
  it.each(places)('at step %i (after it: %s), it never leaves a lie', async (at, isAfter) => {
    const { to, world } = mortal(at, isAfter);
    await deleteArchive(victim, to, world).catch(error => {
      if (!(error instanceof Killed)) throw error;
    });

    // At once: a copy that counts is whole, and one that is not whole does not count.
    const isWhole = keys().includes(key) && keys().includes(manifestName(key));
    if (copyNow()?.state === 'present') expect(isWhole).toBe(true);
    else expect(copyNow()?.problem?.reason).toBe('DeletedByRetention');

    // A history that is lost now is rebuilt from manifests: it has the archive only where that is whole.
    const rebuilt = await openFor(newPath());
    const options = { identity, claimUidOf: () => undefined, log, limitMs: 60_000 };
    await rebuildHistory({ ...options, history: rebuilt, destination });
    expect(rebuilt.get(run.id) !== undefined).toBe(isWhole);

    // The next start: what was recorded as deleted goes, and does not come back.
    await rebuildHistory({ ...options, history, destination });
    const { listing } = await readCatalog({
      ...{ destination, history, installation: INSTALLATION, signal, log },
      now: () => NOW,
    });
    for (const id of listing.undeleted) await finishDeletion(id, destination, worldOf());
    storage.archives.forEach((_, one) =>
      storage.modifiedAt.set(one, new Date(NOW.getTime() - UNPROVEN_AGE_MS))
    );
    await deleteUnproven({ history, destination, now: () => NOW, log });
    if (copyNow()?.state === 'present') expect(keys()).toEqual(all());
    else expect(keys()).toEqual([]);
    // The plan of the next round is the same, so the archive goes then.
    if (copyNow()?.state === 'present') {
      expect(await deleteArchive(victim, destination, worldOf())).toBe('deleted');
      expect(keys()).toEqual([]);
    }
  });
});
