import { expect, it } from 'vitest';
import type { Backup } from '../../api/index.ts';
import { archiveName, indexName, manifestName, parseArchiveName } from '../archive/name.ts';
import { keysOf } from '../destinations/destination.ts';
import type { IsSame } from '../destinations/places/sameStorage.ts';
import { fenced } from '../destinations/wrap/fenced.ts';
import { leaseLost } from '../fence.ts';
import type { RunRecord } from '../history/history.ts';
import { failing } from '../testing/destinations/failingDestination.ts';
import { memoryDestination, memoryStorage } from '../testing/destinations/memoryDestination.ts';
import { exampleCopy } from '../testing/history/exampleCopy.ts';
import { exampleRun, queuedRun } from '../testing/history/exampleRun.ts';
import type { UnprovenFacts } from './unproven.ts';
import { deleteUnproven, UNPROVEN_AGE_MS, verdictOnUnproven } from './unproven.ts';

const at = new Date('2026-11-20T10:11:12Z');
const keyOf = (runId: string, pvc = 'orders-db') =>
  archiveName({ cluster: 'kind', namespace: 'shop', pvc, at, runId });

const runWith = (change: Partial<Backup>) => exampleRun({ id: 'run-1', copies: [], ...change });
const longName = 'x'.repeat(250);

it.each<[string, Partial<UnprovenFacts>, ReturnType<typeof verdictOnUnproven>]>([
  ['of a failed run', {}, 'delete'],
  ['of a cancelled run', { run: runWith({ status: 'cancelled' }) }, 'delete'],
  ['of a failed run, young', { ageMs: UNPROVEN_AGE_MS - 1 }, 'wait'],
  ['from the future', { ageMs: -1 }, 'wait'],
  ['of a run that waits for its next attempt', { run: runWith({ status: 'queued' }) }, 'wait'],
  ['of a run under way', { run: runWith({ status: 'running' }) }, 'wait'],
  ['of no run that we know', { run: undefined }, 'leave'],
  ['of a run of another claim', { run: runWith({ status: 'failed', name: 'other' }) }, 'leave'],
  [
    'of a run of another namespace',
    { run: runWith({ status: 'failed', namespace: 'other' }) },
    'leave',
  ],
  [
    'of a success whose manifest is lost',
    { run: runWith({ copies: [exampleCopy({ key: keyOf('run-1') })] }) },
    'leave',
  ],
  ['of a success without copies', { run: runWith({}) }, 'leave'],
  [
    'of a success that has another archive',
    { run: runWith({ copies: [exampleCopy({ key: 'other' })] }) },
    'delete',
  ],
  ['that is being copied', { isBeingCopied: true }, 'wait'],
  [
    'whose deletion broke off after its manifest',
    { run: runWith({ copies: [exampleCopy({ key: keyOf('run-1'), state: 'deleted' })] }) },
    'delete',
  ],
  [
    'of an incomplete backup that has a copy there, whose manifest is lost',
    { run: runWith({ status: 'failed', copies: [exampleCopy({ key: keyOf('run-1') })] }) },
    'leave',
  ],
  [
    'of a success that has its copy elsewhere',
    { run: runWith({ copies: [exampleCopy({ key: keyOf('run-1') })] }), destination: 'offsite' },
    'delete',
  ],
  [
    'of a success that awaits its copy',
    { run: runWith({ copies: [exampleCopy({ key: keyOf('run-1'), state: 'awaited' })] }) },
    'delete',
  ],
  [
    'of a failed run of a claim with a long name',
    { key: keyOf('run-1', longName), run: runWith({ status: 'failed', name: longName }) },
    'delete',
  ],
])('an archive %s', (_, change, expected) => {
  const key = change.key ?? keyOf('run-1');
  const name = parseArchiveName(key);
  if (!name) throw new Error('keyOf gives archive names');
  const facts = {
    key,
    name,
    ageMs: UNPROVEN_AGE_MS,
    run: runWith({ status: 'failed' }),
    destination: 'memory',
    isBeingCopied: false,
  };
  expect(verdictOnUnproven({ ...facts, ...change })).toBe(expected);
});

function setUp(runs: Backup[], isSame?: IsSame) {
  const storage = memoryStorage();
  const logged: { fields: object; message: string }[] = [];
  const say = (fields: object, message: string) => void logged.push({ fields, message });
  const byId = new Map(runs.map(run => [run.id, run]));
  const clean = (destination = memoryDestination(storage)) =>
    deleteUnproven({
      history: { get: id => byId.get(id), unfinished: () => [] },
      destination,
      ...(isSame && { isSame }),
      now: () => at,
      log: { info: say, warn: say, error: say },
    });
  const put = (key: string, hoursOld = 2) => {
    storage.archives.set(key, Buffer.from('archive'));
    storage.modifiedAt.set(key, new Date(at.getTime() - hoursOld * 3_600_000));
  };
  return { storage, logged, clean, put, keys: () => keysOf(memoryDestination(storage)) };
}

it('deletes what unsuccessful runs left, and nothing with a manifest', async () => {
  const failed = (id: string) => exampleRun({ id, status: 'failed', copies: [] });
  const good = exampleRun({ id: 'good', copies: [exampleCopy({ key: keyOf('good') })] });
  const { put, clean, keys, logged } = setUp([
    failed('left'),
    failed('young'),
    failed('whole'),
    good,
  ]);
  put(keyOf('left'));
  put(keyOf('young'), 0.5);
  for (const id of ['whole', 'good']) {
    put(keyOf(id));
    put(manifestName(keyOf(id)));
  }
  put('notes.txt');
  expect(await clean()).toEqual({ deleted: [keyOf('left')], left: 0 });
  expect(await keys()).toEqual(
    [
      ...['whole', 'good'].flatMap(id => [keyOf(id), manifestName(keyOf(id))]),
      keyOf('young'),
      'notes.txt',
    ].sort()
  );
  expect(logged).toMatchObject([{ fields: { archives: [keyOf('left')] } }]);
});

it('deletes an index with its archive, or alone where it has none', async () => {
  const failed = (id: string) => exampleRun({ id, status: 'failed', copies: [] });
  const good = exampleRun({ id: 'good', copies: [exampleCopy({ key: keyOf('good') })] });
  const { put, clean, keys } = setUp([failed('left'), failed('orphan'), failed('young'), good]);
  put(indexName(keyOf('left')));
  put(keyOf('left'));
  put(indexName(keyOf('orphan')));
  put(indexName(keyOf('young')));
  put(keyOf('young'), 0.5);
  for (const key of [indexName(keyOf('good')), keyOf('good'), manifestName(keyOf('good'))])
    put(key);
  put(indexName(keyOf('stranger')));
  expect(await clean()).toEqual({
    deleted: [keyOf('left'), indexName(keyOf('orphan'))],
    left: 1,
  });
  expect(await keys()).toEqual(
    [
      indexName(keyOf('good')),
      keyOf('good'),
      manifestName(keyOf('good')),
      indexName(keyOf('stranger')),
      keyOf('young'),
      indexName(keyOf('young')),
    ].sort()
  );
});

it('leaves what a copy to any destination may be writing, also one that has begun meanwhile', async () => {
  const run = exampleRun({ id: 'run-1', copies: [exampleCopy({ key: 'other' })] });
  const storage = memoryStorage();
  storage.archives.set(keyOf('run-1'), Buffer.from('archive'));
  storage.modifiedAt.set(keyOf('run-1'), new Date(0));
  const to = memoryDestination(storage);
  const unfinished: RunRecord[] = [];
  const clean = async () =>
    await deleteUnproven({
      history: { get: () => run, unfinished: () => unfinished },
      destination: {
        ...to,
        async *list(listing) {
          unfinished.push({
            ...queuedRun({ kind: 'copy' }),
            details: { kind: 'copy', backup: 'run-1', destination: 'same', totalBytes: null },
          });
          yield* to.list(listing);
        },
      },
      now: () => at,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
  expect(await clean()).toMatchObject({ deleted: [] });
  expect(await keysOf(to)).toEqual([keyOf('run-1')]);
});

it('leaves an archive that is copied because an increment needs it', async () => {
  const link = { runId: 'run-1', archive: keyOf('run-1'), bytes: 1, sha256: 'ab'.repeat(32) };
  const runs = [
    exampleRun({ id: 'run-1', copies: [exampleCopy({ key: 'other' })] }),
    exampleRun({
      id: 'run-2',
      copies: [exampleCopy({ key: 'another' })],
      chain: { links: [link] },
    }),
  ];
  const storage = memoryStorage();
  storage.archives.set(keyOf('run-1'), Buffer.from('archive'));
  storage.modifiedAt.set(keyOf('run-1'), new Date(0));
  const to = memoryDestination(storage);
  const copy: RunRecord = {
    ...queuedRun({ kind: 'copy' }),
    details: { kind: 'copy', backup: 'run-2', destination: 'memory', totalBytes: null },
  };
  await deleteUnproven({
    history: { get: id => runs.find(each => each.id === id), unfinished: () => [copy] },
    destination: to,
    now: () => at,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  expect(await keysOf(to)).toEqual([keyOf('run-1')]);
});

it('leaves an archive whose manifest is lost, and that another name of the same storage has as its copy', async () => {
  const run = exampleRun({ id: 'run-1' });
  const copies = run.copies.map(copy => ({ ...copy, destination: 'x', key: keyOf('run-1') }));
  const { put, clean, keys } = setUp([{ ...run, copies }], async name =>
    name === 'x' ? 'same' : 'other'
  );
  put(keyOf('run-1'));
  expect(await clean()).toEqual({ deleted: [], left: 1 });
  expect(await keys()).toEqual([keyOf('run-1')]);
});

it.each(['unknown', 'gone'] as const)(
  'leaves one that may be the copy of another destination, which is %s',
  async sameness => {
    const run = exampleRun({ id: 'run-1' });
    const copies = run.copies.map(copy => ({ ...copy, destination: 'x', key: keyOf('run-1') }));
    const { put, clean } = setUp([{ ...run, copies }], async () => sameness);
    put(keyOf('run-1'));
    expect(await clean()).toEqual({ deleted: [], left: 1 });
  }
);

it('keeps the index of an archive that is lost, and whose manifest is not', async () => {
  const { put, clean, keys } = setUp([exampleRun({ id: 'lost', status: 'failed', copies: [] })]);
  put(indexName(keyOf('lost')));
  put(manifestName(keyOf('lost')));
  expect(await clean()).toEqual({ deleted: [], left: 0 });
  expect(await keys()).toHaveLength(2);
});

it('leaves and names what may belong to another installation', async () => {
  const { put, clean, keys, logged } = setUp([]);
  put(keyOf('stranger'), 10_000);
  expect(await clean()).toEqual({ deleted: [], left: 1 });
  expect(await keys()).toEqual([keyOf('stranger')]);
  expect(logged).toMatchObject([{ fields: { archives: [keyOf('stranger')], count: 1 } }]);
});

it('deletes nothing once another process may write, and does not throw', async () => {
  const { storage, put, clean, keys } = setUp([
    exampleRun({ id: 'left', status: 'failed', copies: [] }),
  ]);
  put(keyOf('left'));
  const assertHeld = () => {
    throw leaseLost('another instance holds the Lease');
  };
  await clean(fenced(memoryDestination(storage), { assertHeld }));
  expect(await keys()).toEqual([keyOf('left')]);
});

it.each(['list', 'stat'] as const)('deletes nothing when %s fails', async step => {
  const { storage, put, clean, keys, logged } = setUp([
    exampleRun({ id: 'left', status: 'failed', copies: [] }),
  ]);
  put(keyOf('left'));
  await clean(failing(memoryDestination(storage), step));
  expect(await keys()).toEqual([keyOf('left')]);
  expect(logged[0]?.message).toContain('could not all be deleted');
});
