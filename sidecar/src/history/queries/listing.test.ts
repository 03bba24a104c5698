import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Backup, BackupQuery } from '../../../api/index.ts';
import { exampleRun, queuedRun } from '../../testing/history/exampleRun.ts';
import { afterKill, newPath, openFor } from '../../testing/history/testDisk.ts';
import type { History, NamespaceUids } from '../history.ts';
import { openHistory } from '../openHistory.ts';
import { loadSqlite } from '../schema/sqlite.ts';

async function historyWith(runs: Backup[]): Promise<History> {
  const history = await openFor(newPath());
  if (runs.length > 0) await history.add(runs);
  return history;
}

const at = (minute: number) => new Date(Date.UTC(2026, 10, 20, 0, minute)).toISOString();
const minutes = (count: number, change: (minute: number) => Partial<Backup> = () => ({})) =>
  Array.from({ length: count }, (_, minute) =>
    exampleRun({
      id: `run-${String(minute).padStart(4, '0')}`,
      createdAt: at(minute),
      ...change(minute),
    })
  );
const ids = (runs: readonly Backup[]) => runs.map(({ id }) => id);

/** Follows the cursors to the end. */
function allPages(history: History, query: BackupQuery, namespaces?: NamespaceUids) {
  const pages: string[][] = [];
  for (let cursor: string | undefined; ; ) {
    const { backups, nextCursor } = history.list({ ...query, cursor }, namespaces);
    pages.push(ids(backups));
    if (nextCursor === null) return pages;
    cursor = nextCursor;
  }
}

it('lists the newest first', async () => {
  const runs = minutes(3);
  const history = await historyWith([runs[1], runs[2], runs[0]].filter(run => run !== undefined));
  expect(ids(history.list({ limit: 50 }).backups)).toEqual(['run-0002', 'run-0001', 'run-0000']);
});

it.each([
  [7, 3, [3, 3, 1]],
  [6, 3, [3, 3]],
  [3, 3, [3]],
  [0, 3, [0]],
])(
  'gives %d runs in pages of %d: each once, and no empty page at the end',
  async (count, limit, sizes) => {
    const runs = minutes(count);
    const pages = allPages(await historyWith(runs), { limit });
    expect(pages.map(page => page.length)).toEqual(sizes);
    expect(pages.flat()).toEqual(ids(runs).reverse());
  }
);

it('tells runs of the same millisecond apart by their ids', async () => {
  const runs = minutes(9, () => ({ createdAt: at(0) }));
  expect(allPages(await historyWith(runs), { limit: 2 }).flat()).toEqual(ids(runs).reverse());
});

it('goes on where it was when new runs have arrived meanwhile', async () => {
  const history = await historyWith(minutes(4));
  const first = history.list({ limit: 2 });
  await history.add([exampleRun({ id: 'new', createdAt: at(59) })]);
  const second = history.list({ limit: 2, cursor: first.nextCursor ?? '' });
  expect([...ids(first.backups), ...ids(second.backups)]).toEqual([
    'run-0003',
    'run-0002',
    'run-0001',
    'run-0000',
  ]);
});

it('orders times by what they mean, not by how they are spelled', async () => {
  const history = await historyWith([
    exampleRun({ id: 'later', createdAt: '2026-11-20T10:00:00.5Z' }),
    exampleRun({ id: 'earlier', createdAt: '2026-11-20T10:00:00Z' }),
  ]);
  expect(ids(history.list({ limit: 9 }).backups)).toEqual(['later', 'earlier']);
  expect(history.get('earlier')?.createdAt).toBe('2026-11-20T10:00:00.000Z');
});

it('filters by namespace, claim and status, alone and together', async () => {
  const history = await historyWith([
    exampleRun({ id: 'a', namespace: 'shop', name: 'db', createdAt: at(1) }),
    exampleRun({ id: 'b', namespace: 'shop', name: 'db', createdAt: at(2), status: 'failed' }),
    exampleRun({ id: 'c', namespace: 'shop', name: 'files', createdAt: at(3) }),
    exampleRun({ id: 'd', namespace: 'blog', name: 'db', createdAt: at(4) }),
  ]);
  const listed = (query: Partial<BackupQuery>) =>
    ids(history.list({ limit: 50, ...query }).backups).join('');
  expect(listed({ namespace: 'shop' })).toBe('cba');
  expect(listed({ name: 'db' })).toBe('dba');
  expect(listed({ status: 'success' })).toBe('dca');
  expect(listed({ namespace: 'shop', name: 'db', status: 'failed' })).toBe('b');
  expect(listed({ namespace: "shop' OR 1=1 --" })).toBe('');
  expect(allPages(history, { limit: 1, namespace: 'shop' })).toEqual([['c'], ['b'], ['a']]);
});

it('fills pages with what may be read, and ends with the last such run', async () => {
  const history = await historyWith(
    minutes(20, minute => ({ namespace: minute % 4 ? 'shop' : 'blog' }))
  );
  const pages = allPages(history, { limit: 2 }, new Map([['blog', undefined]]));
  expect(pages).toEqual([['run-0016', 'run-0012'], ['run-0008', 'run-0004'], ['run-0000']]);
  expect(history.list({ limit: 5 }, new Map())).toEqual({ backups: [], nextCursor: null });
  const other = new Map([['shop', undefined]]);
  expect(history.list({ limit: 5, namespace: 'blog' }, other).backups).toEqual([]);
});

it('merges the runs of several namespaces in the order of their times', async () => {
  const runs = minutes(30, minute => ({ namespace: `team-${minute % 5}` }));
  const history = await historyWith(runs);
  const some = new Map(['team-1', 'team-3', 'none'].map(each => [each, undefined]));
  const expected = runs.filter(({ namespace }) => some.has(namespace)).map(({ id }) => id);
  expect(allPages(history, { limit: 5 }, some).flat()).toEqual(expected.reverse());
  const many = new Map(
    Array.from({ length: 100 }, (_, index): [string, undefined] => [`team-${index + 3}`, undefined])
  );
  expect(allPages(history, { limit: 5 }, many).flat()).toEqual(
    ids(runs.filter(({ namespace }) => many.has(namespace))).reverse()
  );
});

it('leaves out runs of a namespace of the same name that had another UID', async () => {
  const history = await historyWith(
    minutes(3, minute => ({ namespaceUid: ['before', null, 'now'][minute] ?? null }))
  );
  const listed = (uid: string | undefined) =>
    ids(history.list({ limit: 5 }, new Map([['shop', uid]])).backups);
  expect(listed('now')).toEqual(['run-0002', 'run-0001']);
  expect(listed(undefined)).toEqual(['run-0002', 'run-0001', 'run-0000']);
});

it('looks at a limited number of runs, and continues from there', async () => {
  const runs = minutes(40, minute => ({ status: minute % 10 ? 'success' : 'failed' }));
  const history = await openFor(newPath(), { maxScan: 7 });
  await history.add(runs);
  const pages = allPages(history, { limit: 2, namespace: 'shop', status: 'failed' });
  expect(pages.flat()).toEqual(['run-0030', 'run-0020', 'run-0010', 'run-0000']);
  expect(pages.length).toBeGreaterThanOrEqual(40 / 7);
});

it('continues without the id of a run that was not shown, and loses none of the same millisecond', async () => {
  const history = await openFor(newPath(), { maxScan: 3 });
  const runs = minutes(24, minute => ({
    createdAt: at(Math.floor(minute / 4)),
    namespace: minute % 5 ? 'billing' : 'shop',
    namespaceUid: null,
  }));
  await history.add(runs);
  const shop = new Map(
    [...Array.from({ length: 60 }, (_, index) => `team-${index}`), 'shop'].map(name => [
      name,
      undefined,
    ])
  );
  const shown: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = history.list({ limit: 2, cursor }, shop);
    shown.push(...ids(page.backups));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
    const [, named = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
    expect(['!', ...shown]).toContain(named);
  }
  expect(shown).toEqual(ids(runs.filter(({ namespace }) => namespace === 'shop')).reverse());
});

/** @returns a history of 100,000 runs of 300 namespaces like the only run of a file; one is of the namespace `small`. */
async function multiplied(bytes: Uint8Array): Promise<Uint8Array> {
  const { Database } = await loadSqlite();
  const db = new Database(bytes);
  const columns = (db.exec("SELECT name FROM pragma_table_info('runs')")[0]?.values ?? []).flat();
  const changed: Record<string, string> = {
    id: "printf('run-%06d', n)",
    namespace: "iif(n = 500, 'small', 'team-' || n % 300)",
    created_at: "strftime('%Y-%m-%dT%H:%M:%S.000Z', 1700000000 + n, 'unixepoch')",
    status: "'cancelled'",
  };
  db.exec(`INSERT INTO runs WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 99999)
    SELECT ${columns.map(each => changed[String(each)] ?? each).join(', ')} FROM numbers, runs`);
  const all = db.export();
  db.close();
  return all;
}

describe('a history of 100,000 runs', () => {
  let history: History;
  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-long-'));
    const path = join(dir, 'nkvm.db');
    const first = await openHistory(path, { reserveBytes: 0 });
    await first.add([queuedRun({ id: 'a', createdAt: '2023-01-01T00:00:00.000Z' })]);
    await first.close();
    writeFileSync(path, await multiplied(readFileSync(path)));
    history = await openHistory(path, { reserveBytes: 0 });
    expect(history.count()).toBe(100_000);
    return async () => {
      await history.close();
      rmSync(dir, { recursive: true });
    };
  }, 30_000);

  /** @returns milliseconds of CPU: other processes do not count. */
  const took = (work: () => void) => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  const allowed = (names: string[]) => new Map(names.map(each => [each, undefined]));
  const none = Array.from({ length: 200 }, (_, index) => `other-${index}`);

  it('costs a caller who may read one run of them little, and gives it at once', () => {
    const page = history.list({ limit: 50 }, allowed(['small', 'other']));
    expect(page).toMatchObject({ backups: [{ namespace: 'small' }], nextCursor: null });
    expect(took(() => history.list({ limit: 50 }, allowed(['small', 'other'])))).toBeLessThan(250);
  });

  it('costs a caller with many namespaces without a run no more than a part of it a request', () => {
    let requests = 0;
    let longest = 0;
    for (let cursor: string | null | undefined; cursor !== null; requests += 1) {
      const at = cursor;
      longest = Math.max(
        longest,
        took(() => (cursor = history.list({ limit: 50, cursor: at }, allowed(none)).nextCursor))
      );
    }
    expect(requests).toBe(100_000 / 5_000);
    expect(longest).toBeLessThan(300); // 400 ms for one request when each looked at all of them
  });

  it('costs little to look for a status that no run has, in one namespace or in all', () => {
    const queries = [{ namespace: 'team-7' }, { namespace: 'team-7', name: 'orders-db' }, {}];
    for (const query of queries) {
      expect(took(() => history.list({ limit: 50, status: 'failed', ...query }))).toBeLessThan(250);
    }
  });
});

it('refuses a cursor that is not its own', async () => {
  const history = await historyWith([]);
  expect(() => history.list({ limit: 5, cursor: 'bm9uZQ' })).toThrow(
    expect.objectContaining({ stage: 'queue', reason: 'BadCursor' })
  );
});

it('gives what has not ended, oldest first', async () => {
  const history = await historyWith([
    queuedRun({ id: 'queued', createdAt: at(3) }),
    queuedRun({ id: 'running', createdAt: at(1), status: 'running', stage: 'copy' }),
    exampleRun({ id: 'done', createdAt: at(2) }),
    exampleRun({ id: 'cancelled', createdAt: at(0), status: 'cancelled' }),
  ]);
  expect(ids(history.unfinished())).toEqual(['running', 'queued']);
});

it('says how an archive is restored by hand, where there is one', async () => {
  const history = await openFor(newPath(), { restoreCommand: path => `tar ${path}` });
  await history.add([exampleRun({ id: 'done' }), queuedRun({ id: 'queued' })]);
  const { archive, restoreCommand } = history.get('done') ?? {};
  expect(archive).toMatch(/^\/var\/lib\/nkvm\/backups\/kind__shop__orders-db__.*done.tar.gz$/);
  expect(restoreCommand).toBe(`tar ${archive}`);
  expect(history.get('queued')?.restoreCommand).toBeNull();
});

const uid = 'uid-1';
const of = (change: Partial<Backup>) =>
  exampleRun({ namespace: 'shop', name: 'db', uid, ...change });

it('knows the last run and the last success of a claim, also after a restart', async () => {
  const path = newPath();
  const history = await openFor(path);
  await history.add([
    of({ id: 'a', createdAt: at(1) }),
    of({ id: 'b', createdAt: at(2) }),
    of({ id: 'c', createdAt: at(3), status: 'failed', stage: 'wait' }),
    of({ id: 'd', createdAt: at(9), uid: 'uid-2' }),
    of({ id: 'e', createdAt: at(9), name: 'db-2' }),
    of({ id: 'f', createdAt: at(9), namespace: 'shop-2' }),
  ]);
  for (const view of [history, await afterKill(path)]) {
    expect(view.ofClaim(uid, 'shop', 'db')).toMatchObject({
      lastBackup: { id: 'c', status: 'failed', stage: 'wait', createdAt: at(3) },
      lastSuccess: { id: 'b', status: 'success' },
    });
  }
});

it('filters by destination: a copy that was deleted does not count', async () => {
  const [copy] = exampleRun().copies;
  const at = (id: string, state: 'present' | 'awaited' | 'deleted', destination = 'nas') =>
    of({ id, copies: [copy!, { ...copy!, destination, state }] });
  const history = await historyWith([
    at('a', 'present'),
    at('b', 'awaited'),
    at('c', 'deleted'),
    at('d', 'present', 'cloud'),
  ]);
  const listed = (destination: string) =>
    ids(history.list({ limit: 50, destination, namespace: 'shop' }).backups).join('');
  expect(listed('nas')).toBe('ba');
  expect(listed('local')).toBe('dcba');
  expect(listed('none')).toBe('');
});

it('knows where the archives of the last run are, and of its warnings, also after a restart', async () => {
  const path = newPath();
  const history = await openFor(path);
  const [copy] = exampleRun().copies;
  const run = of({
    id: 'a',
    status: 'failed',
    warnings: ['a socket is not in the archive'],
    copies: [
      { ...copy!, destination: 'nas', state: 'awaited' },
      { ...copy!, destination: 'cloud' },
      { ...copy!, destination: 'local' },
    ],
  });
  await history.add([run]);
  for (const view of [history, await afterKill(path)]) {
    expect(view.ofClaim(uid, 'shop', 'db').lastBackup).toMatchObject({
      presentAt: ['cloud', 'local'],
      hasWarnings: true,
    });
  }
});

it('gives a re-created claim no history', async () => {
  const history = await historyWith([of({ id: 'a' })]);
  expect(history.ofClaim('uid-new', 'shop', 'db')).toEqual({
    lastBackup: null,
    lastSuccess: null,
    lastProvenRestore: null,
  });
});

it('follows a run of a claim through its states', async () => {
  const history = await historyWith([of({ id: 'a', createdAt: at(1) })]);
  const heads = () => {
    const { lastBackup, lastSuccess } = history.ofClaim(uid, 'shop', 'db');
    return [lastBackup?.id, lastBackup?.status, lastBackup?.bytes, lastSuccess?.id];
  };
  await history.add([queuedRun({ id: 'b', createdAt: at(2), uid, namespace: 'shop', name: 'db' })]);
  expect(heads()).toEqual(['b', 'queued', null, 'a']);
  await history.commit('b', { status: 'running', stage: 'copy' });
  history.note('b', { bytes: 42 });
  expect(heads()).toEqual(['b', 'running', 42, 'a']);
  await history.commit('b', { status: 'success', bytes: 43 });
  expect(heads()).toEqual(['b', 'success', 43, 'b']);
  await history.commit('b', { status: 'failed', message: 'archive was found to be broken' });
  expect(heads()).toEqual(['b', 'failed', 43, 'a']);
});

it('gives runs without identities those of the cluster and of a namespace that is older than they are', async () => {
  const path = newPath();
  const history = await openFor(path);
  const of = (id: string, minute: number, change: Partial<Backup> = {}) =>
    exampleRun({ id, createdAt: at(minute), namespaceUid: null, clusterUid: null, ...change });
  await history.add([
    of('before', 1),
    of('after', 9),
    of('known', 9, { namespaceUid: 'uid-known', clusterUid: 'uid-known' }),
    of('elsewhere', 9, { namespace: 'blog' }),
  ]);
  const fill = () =>
    history.fillIdentity('uid-cluster', [{ name: 'shop', uid: 'uid-shop', createdAt: at(5) }]);
  expect(fill()).toBe(4);
  expect(fill()).toBe(0);
  const identities = (view: History) =>
    ['before', 'after', 'known', 'elsewhere'].map(each => {
      const run = view.get(each);
      return [run?.namespaceUid, run?.clusterUid];
    });
  const filled = [
    [null, 'uid-cluster'],
    ['uid-shop', 'uid-cluster'],
    ['uid-known', 'uid-known'],
    [null, 'uid-cluster'],
  ];
  expect(identities(history)).toEqual(filled);
  await history.close();
  expect(identities(await openFor(path))).toEqual(filled);
});

it('does not take the success of a namespace that was deleted for one of its successor', async () => {
  const history = await historyWith([of({ id: 'a', namespaceUid: 'uid-before' })]);
  expect(history.ofClaim(uid, 'shop', 'db', 'uid-now').lastSuccess).toBeNull();
  expect(history.ofClaim(uid, 'shop', 'db', 'uid-before').lastSuccess?.id).toBe('a');
});
