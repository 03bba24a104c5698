import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { archiveName, manifestName } from '../../archive/name.ts';
import type { KnownCatalog } from '../../backup/catalog/keepCatalogs.ts';
import { readCatalog } from '../../backup/catalog/readCatalog.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import type { Destination } from '../../destinations/destination.ts';
import { StageError } from '../../errors.ts';
import type { AuditOutcome, AuditTrail, AuditWhat } from '../../history/audit/auditTrail.ts';
import { noTrail } from '../../history/audit/auditTrail.ts';
import type { Records } from '../../history/durability/recordFile.ts';
import { recordsInMemory } from '../../history/durability/recordFile.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { runIds } from '../../history/runId.ts';
import { exampleManifest } from '../../testing/archive/exampleManifest.ts';
import { putArchive } from '../../testing/archive/putArchive.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { fixedPlaces } from '../../testing/destinations/fixedPlaces.ts';
import type { MemoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import { NEARLY_ALL_NEW } from './deletion/newData.ts';
import type { PlaceDecision } from './deletion/placeDecisions.ts';
import type { Retention } from './retention.ts';
import { retentionWith } from './retention.ts';
import type { RetentionSettings } from './retentionSettings.ts';
import type { KeepRules } from './rules/keepRules.ts';

const INSTALLATION = '0123456789abcdef';
const CLUSTER = '9f2c1b7a-5e0d-4c63-b1a8-7d2e4f6a8c90';
const HOUR = 3_600_000;
const START = Date.parse('2026-11-20T00:00:00Z');
const usual: RetentionSettings = {
  ...{ keep: { last: 3 }, keepDeleted: {} },
  ...{ floor: 3, maxSharePercent: 100 },
};

let history: History;
let storage: MemoryStorage;
let destination: Destination;
let claims: Map<string, Claim>;
let nowMs: number;
let monotonicMs: number;
let catalog: KnownCatalog | undefined;
let logged: string[];
let isRead: (key: string) => boolean;
let keepOfPlace: string | undefined;
let inventoryProblems: string[];
let namespaceNotes: NamespaceFact['policyNotes'];
let audit: AuditTrail | undefined;
let aheadOfServer: (() => Promise<number>) | undefined;

beforeEach(async () => {
  history = await openFor(newPath());
  storage = memoryStorage();
  destination = memoryDestination(storage);
  claims = new Map();
  nowMs = START + 48 * HOUR;
  monotonicMs = 0;
  catalog = undefined;
  logged = [];
  isRead = () => false;
  keepOfPlace = undefined;
  inventoryProblems = [];
  namespaceNotes = undefined;
  audit = undefined;
  aheadOfServer = undefined;
  addClaim();
});

function addClaim(change: Partial<Claim> = {}) {
  const claim = testClaim({ labels: { backup: 'hourly' }, ...change });
  claims.set(`${claim.namespace}/${claim.name}`, claim);
}

interface Made {
  at?: number;
  name?: string;
  uid?: string;
  bytes?: number;
  priority?: RunRecord['priority'];
  clusterUid?: string;
  status?: RunRecord['status'];
  /** Ids of the backups that it needs. */
  needs?: string[];
}

/** Records a backup and stores its files. @returns the id of its run */
async function backup(change: Made = {}): Promise<string> {
  const { at = 0, name = 'orders-db', uid = 'uid-1', bytes = 100, clusterUid = CLUSTER } = change;
  const { priority = 'scheduled', status = 'success' } = change;
  const createdAt = new Date(START + at * HOUR).toISOString();
  const id = runIds({ now: () => Date.parse(createdAt), random: randomBytes })();
  const example = exampleRun({ id, createdAt, priority, name, uid, clusterUid, bytes, status });
  const key = archiveName({
    ...{ cluster: 'kind', namespace: 'shop', pvc: name, runId: id },
    at: new Date(createdAt),
  });
  const copies = example.copies.map(copy => ({ ...copy, key, bytes, destination: 'memory' }));
  const links = change.needs?.map(runId => ({
    ...{ runId, archive: history.get(runId)?.copies[0]?.key ?? '' },
    ...{ bytes: history.get(runId)?.bytes ?? 0, sha256: exampleManifest().sha256 },
  }));
  const chain = links ? { links } : null;
  await history.add([{ ...example, copies, seal: null, chain }]);
  putArchive(storage, {
    ...{ runId: id, archive: key, bytes, pvc: name, pvcUid: uid, namespace: 'shop' },
    ...{ clusterUid, installation: INSTALLATION, createdAt, chain },
  });
  return id;
}

/** A full archive, and increments that each need all before them. */
async function chainOf(count: number, from: number): Promise<string[]> {
  const ids: string[] = [];
  for (let at = from; at < from + count; at++)
    ids.push(await backup({ at, needs: [...ids], bytes: at === from ? 100 : 1 }));
  return ids;
}

const hourly = async (count: number, change: Made = {}): Promise<string[]> => {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) ids.push(await backup({ at, ...change }));
  return ids;
};

const log = {
  info: (_: object, text: string) => logged.push(text),
  warn: (_: object, text: string) => logged.push(text),
  error: (_: object, text: string) => logged.push(text),
  debug: () => undefined,
};

/** As the listing of every hour. */
async function list(at: Destination = destination): Promise<void> {
  try {
    const {
      catalog: found,
      volumes,
      listing,
    } = await readCatalog({
      ...{ destination: at, history, installation: INSTALLATION, log: log as never },
      now: () => new Date(nowMs),
      signal: new AbortController().signal,
    });
    catalog = { catalog: found, volumes, listing, problem: null };
  } catch (error) {
    catalog = { ...catalog, problem: error as StageError };
  }
}

function retention(
  change: Partial<RetentionSettings> = {},
  to = destination,
  decisions?: Records<PlaceDecision>
): Retention {
  const made = retentionWith({
    ...{ history, clusterUid: CLUSTER, installation: INSTALLATION, log: log as never },
    settings: { ...usual, ...change },
    inventory: {
      claim: (namespace, name) => claims.get(`${namespace}/${name}`),
      claims: () => [...claims.values()],
      namespace: name => ({
        name,
        uid: 'u',
        createdAt: '2026-01-01T00:00:00.000Z',
        policyNotes: namespaceNotes,
      }),
      isReady: () => true,
      problems: () => inventoryProblems,
    },
    places: fixedPlaces([to]),
    ...(decisions && { decisions }),
    ...(audit && { audit, clusterName: 'prod' }),
    keepOfPlace: () => keepOfPlace,
    catalogs: { of: () => catalog },
    archives: {
      ref: async () => ({} as never),
      openQuickly: async () => undefined,
      forget: () => undefined,
    },
    isRead: (_, key) => isRead(key),
    now: () => new Date(nowMs),
    clocks: () => ({ wall: nowMs, monotonic: monotonicMs }),
    aheadOfServer: async () => await aheadOfServer?.(),
  });
  onTestFinished(() => made.stop());
  return made;
}

const pass = (ms: number) => {
  nowMs += ms;
  monotonicMs += ms;
};
const present = () => history.archives.archivesOf('shop', 'orders-db').map(({ run }) => run);
const archives = () => [...storage.archives.keys()].filter(key => key.endsWith('.tar.gz')).length;
const orders = { namespace: 'shop', name: 'orders-db' };

it('deletes what the plan lets go, and nothing at the next round', async () => {
  const ids = await hourly(8);
  const one = retention();
  await list();
  expect(one.retentionOf(orders)).toMatchObject([{ kept: 3, removed: 5, hold: null }]);
  expect(one.summariesOf(orders)).toEqual([]);
  await one.renewSummaries();
  expect(one.summariesOf(orders)).toMatchObject([{ destination: 'memory', removed: 5 }]);
  await one.tick();
  expect(present()).toEqual(ids.slice(-3));
  expect(storage.archives.size).toBe(9);
  await one.renewSummaries();
  expect(one.summariesOf(orders)).toMatchObject([{ kept: 3, removed: 0 }]);
  expect(history.get(ids[0] ?? '')?.copies[0]).toMatchObject({
    state: 'deleted',
    problem: { message: expect.stringContaining('no rule of last=3 keeps it') },
  });
  pass(HOUR);
  await list();
  await one.tick();
  expect(archives()).toBe(3);
});

it('waits for a listing, and looks at each one once', async () => {
  await hourly(8);
  const one = retention();
  await one.tick();
  expect(archives()).toBe(8);
  expect(one.retentionOf(orders)[0]?.hold?.kind).toBe('listing');
  await list();
  await one.tick();
  expect(archives()).toBe(3);
  await backup({ at: 20 });
  await one.tick();
  expect(archives()).toBe(4);
});

it('records each deletion before and after, and deletes nothing that cannot be recorded', async () => {
  const ids: string[] = [];
  for (let at = 0; at < 5; at += 1) ids.push(await backup({ at }));
  const begun: AuditWhat[] = [];
  const ended: AuditOutcome[] = [];
  let isFull = true;
  audit = {
    ...noTrail,
    async begin(what) {
      if (isFull)
        throw new StageError('queue', 'AuditFull', 'it is full', 'make room', 'needs-action');
      begun.push(what);
      expect(archives()).toBe(6 - begun.length);
      return { end: async outcome => void ended.push(outcome) };
    },
  };
  await list();
  await retention().tick();
  expect(archives()).toBe(5);
  expect(logged.join()).toContain('it is full');
  isFull = false;
  await retention().tick();
  expect(archives()).toBe(3);
  expect(begun.map(({ backup: id }) => id).sort()).toEqual(ids.slice(0, 2));
  expect(begun[0]).toMatchObject({
    ...{ action: 'archive.delete', cluster: 'prod', destination: destination.id },
    claims: [{ ...orders, uid: 'uid-1' }],
  });
  expect(ended.map(({ result }) => result)).toEqual(['success', 'success']);
});

describe('deletes nothing', () => {
  /** @param kind of the hold that the plan shows */
  async function nothing(kind: string | null, one = retention()) {
    const before = storage.archives.size;
    await one.tick();
    expect(storage.archives.size).toBe(before);
    expect(one.retentionOf(orders)[0]?.hold?.kind ?? null).toBe(kind);
    return one;
  }

  it('after a listing that failed half-way', async () => {
    await hourly(8);
    await list();
    const broken = new StageError('checksum', 'Broken', 'cut off', 'again', 'transient');
    await list({
      ...destination,
      async *list(options) {
        for await (const page of destination.list(options)) {
          yield page.slice(0, 2);
          throw broken;
        }
      },
    });
    const one = await nothing('listing');
    expect(one.holds().size).toBeLessThanOrEqual(1);
    pass(HOUR);
    await list();
    await one.tick();
    expect(archives()).toBe(3);
  });

  it('after a listing that lacks many archives', async () => {
    await hourly(12);
    let listed = 0;
    await list({
      ...destination,
      async *list(options) {
        for await (const page of destination.list(options)) yield page.filter(() => ++listed <= 5);
      },
    });
    await nothing('listing');
  });

  it('after a listing that is old', async () => {
    await hourly(8);
    await list();
    pass(3 * HOUR);
    await nothing('listing');
  });

  it('after a step of the clock', async () => {
    await hourly(8);
    const one = retention();
    await list();
    nowMs += 8 * 24 * HOUR;
    await list();
    await nothing('clock', one);
    pass(HOUR);
    await list();
    await one.tick();
    expect(archives()).toBe(3);
  });

  it('while the API server has another time, also where NKVM has started with the wrong one', async () => {
    const within: KeepRules['within'] = { years: 0, months: 0, days: 7, hours: 0 };
    await hourly(8);
    nowMs = START + 366 * 24 * HOUR;
    aheadOfServer = async () => 365 * 24 * HOUR;
    await backup({ at: 366 * 24 });
    await list();
    const one = retention({ keep: { within } });
    await nothing('clock', one);
    aheadOfServer = undefined;
    pass(HOUR);
    await list();
    await one.tick();
    expect(archives()).toBe(3);
  });

  it('in the first hour of a process that starts long after the newest run', async () => {
    await hourly(8);
    nowMs += 365 * 24 * HOUR;
    const one = retention();
    await list();
    await nothing('clock', one);
    pass(HOUR);
    await list();
    await one.tick();
    expect(archives()).toBe(3);
  });

  it('while the newest run is in the future', async () => {
    await hourly(8);
    await backup({ at: 24 * 10 });
    await list();
    await nothing('clock');
  });

  it.each(['2027-01-01', '9999-12-31'])('while the claim is on hold until %s', async until => {
    addClaim({ policyNotes: { 'nkvm.io/hold-until': until } });
    await hourly(8);
    await list();
    await nothing('hold');
  });

  it.each([
    ['nkvm.io/keep', 'last=some'],
    ['nkvm.io/hold-until', 'soon'],
  ])('while %s is not valid', async (name, value) => {
    addClaim({ policyNotes: { [name]: value } });
    await hourly(8);
    await list();
    await nothing('invalid');
  });

  it('while the rules of the destination are not valid', async () => {
    keepOfPlace = 'last=many';
    await hourly(8);
    await list();
    await nothing('invalid');
  });

  it('while the first restore of the claim has no verdict', async () => {
    const dataSource = { apiGroup: 'nkvm.io', kind: 'BackupRestore', name: 'x', namespace: null };
    addClaim({ uid: 'uid-2', phase: 'Pending', dataSource });
    await hourly(8); // of the claim before
    await list();
    const one = retention({ keepDeleted: { last: 1 } });
    await one.tick();
    expect(archives()).toBe(8);
  });

  it('of a volume that shrank a lot, until a person accepts it', async () => {
    const MiB = 1024 * 1024;
    await hourly(6, { bytes: MiB });
    const small = await backup({ at: 7, bytes: 1000 });
    await backup({ at: 8, bytes: 1000 });
    await list();
    const one = await nothing('anomaly');
    addClaim({ policyNotes: { 'nkvm.io/accept-change': small } });
    pass(HOUR);
    await list();
    await one.tick();
    expect(archives()).toBe(3);
  });

  it.each(['true', 'zzzzzzzzzzzzzzzzzzzzzzzzzz'])(
    'of a volume that shrank a lot, where nkvm.io/accept-change is %s',
    async value => {
      await hourly(6, { bytes: 1024 * 1024 });
      await backup({ at: 7, bytes: 1000 });
      addClaim({ policyNotes: { 'nkvm.io/accept-change': value } });
      await list();
      await nothing('anomaly');
    }
  );

  it('of a volume whose data was nearly all new, until a person accepts it', async () => {
    const ids = await hourly(8);
    const [, , , , , changed = ''] = ids;
    await history.commit(changed, { warnings: [NEARLY_ALL_NEW] });
    await list();
    const one = await nothing('anomaly');
    addClaim({ policyNotes: { 'nkvm.io/accept-change': changed } });
    pass(HOUR);
    await list();
    await one.tick();
    expect(archives()).toBe(3);
  });

  it('of more archives than the share, until a person approves that number', async () => {
    await hourly(20);
    await list();
    const one = await nothing('share', retention({ maxSharePercent: 25 }));
    expect(one.holds().get('share')).toBe(1);
    expect(one.approve('memory', 16)).toBe(false);
    expect(one.approve('elsewhere', 17)).toBe(false);
    expect(archives()).toBe(20);
    expect(one.approve('memory', 17)).toBe(true);
    await one.tick();
    expect(archives()).toBe(3);
    expect(one.approve('memory', 17)).toBe(false);
  });

  it('of more archives than the share, and goes on with an approval that was interrupted', async () => {
    await hourly(20);
    await list();
    const decisions = recordsInMemory<PlaceDecision>();
    const settings = { maxSharePercent: 25 };
    let removed = 0;
    const stopping: Destination = {
      ...destination,
      async remove(key, options) {
        if (key.endsWith('.tar.gz') && ++removed === 2) void first.stop();
        await destination.remove(key, options);
      },
    };
    const first: Retention = await nothing('share', retention(settings, stopping, decisions));
    expect(first.approve('memory', 17)).toBe(true);
    await first.tick();
    expect(archives()).toBe(18);
    pass(HOUR);
    await list();
    const second = retention(settings, destination, decisions);
    await second.tick();
    expect(archives()).toBe(3);
    await hourly(20, { at: 40 });
    pass(HOUR);
    await list();
    await second.tick();
    expect(archives()).toBe(23);
  });

  it('when the number has changed since it was approved', async () => {
    await hourly(20);
    await list();
    const one = await nothing('share', retention({ maxSharePercent: 25 }));
    await backup({ at: 30 });
    pass(31 * HOUR);
    await list();
    expect(one.approve('memory', 17)).toBe(true); // as of the last round
    await one.tick();
    expect(archives()).toBe(21);
    expect(one.retentionOf(orders)[0]).toMatchObject({ removed: 18, hold: { kind: 'share' } });
  });

  it('where the destination refuses, and asks it once', async () => {
    await hourly(8);
    const locked = new StageError('cleanup', 'ArchiveProtected', 'locked', 'wait', 'needs-action');
    let asked = 0;
    const to = {
      ...destination,
      async remove() {
        asked += 1;
        throw locked;
      },
    };
    await list();
    const decisions = recordsInMemory<PlaceDecision>();
    const one = await nothing('refused', retention({}, to, decisions));
    for (let round = 0; round < 3; round++) {
      pass(HOUR);
      await list();
      await one.tick();
    }
    expect(asked).toBe(1);
    expect(present()).toHaveLength(8);
    const restarted = retention({}, to, decisions);
    await restarted.tick();
    expect(restarted.retentionOf(orders)[0]?.hold?.kind).toBe('refused');
    pass(24 * HOUR);
    await list();
    await restarted.tick();
    expect(asked).toBe(2);
  });

  it('when an archive that stays is not there', async () => {
    const ids = await hourly(8);
    await list();
    const key = history.get(ids.at(-1) ?? '')?.copies[0]?.key ?? '';
    storage.archives.set(key, Buffer.alloc(7));
    await nothing(null);
    expect(logged.join()).toContain('is not there as it was stored');
  });

  it.each<[string, string | undefined]>([
    ['no manifest', undefined],
    ['an empty manifest', ''],
    ['a manifest that was cut', '{"formatVersion": 5, '],
  ])('when an archive that stays has %s', async (_, text) => {
    const ids = await hourly(8);
    await list();
    const key = manifestName(history.get(ids.at(-1) ?? '')?.copies[0]?.key ?? '');
    storage.archives.delete(key);
    if (text !== undefined) storage.archives.set(key, Buffer.from(text));
    await nothing(null);
    expect(logged.join()).toContain(key);
  });

  it('when a good archive that stays is not there, behind newer ones whose checks failed', async () => {
    const ids = await hourly(10);
    for (const id of ids.slice(-3)) {
      const run = exampleRun({ kind: 'verify', status: 'failed', copies: [] });
      await history.add([{ ...run, details: { kind: 'verify', backup: id, totalBytes: null } }]);
    }
    await list();
    const key = history.get(ids.at(-4) ?? '')?.copies[0]?.key ?? '';
    storage.archives.set(key, Buffer.alloc(7));
    await nothing(null);
  });

  it('while the claims of the cluster are not all known', async () => {
    await hourly(8);
    await list();
    inventoryProblems = ['claims cannot be read'];
    const one = retention({ keepDeleted: { last: 1 } });
    await nothing(null, one);

    // It does not wait for the next listing.
    inventoryProblems = [];
    await one.tick();
    expect(archives()).toBe(3);
  });

  it('without a schedule and without rules', async () => {
    addClaim({ labels: {} });
    await hourly(8);
    await list();
    await nothing(null);
  });

  it('while the namespace of a claim that is gone is on hold', async () => {
    claims.clear();
    namespaceNotes = { 'nkvm.io/hold-until': '2027-01-01' };
    await hourly(8);
    await list();
    const one = retention({ keepDeleted: { last: 1 } });
    await one.tick();
    expect(archives()).toBe(8);
    namespaceNotes = { 'nkvm.io/hold-until': 'soon' };
    await list();
    await one.tick();
    expect(archives()).toBe(8);
  });

  it('of a claim that is gone, by default', async () => {
    claims.clear();
    await hourly(8);
    await list();
    await retention().tick();
    expect(archives()).toBe(8);
  });

  it('of the line before, where a person has decided to start empty', async () => {
    await hourly(8, { uid: 'uid-0' });
    addClaim({ policyNotes: { 'nkvm.io/started-empty': 'true' } });
    await list();
    await retention({ keepDeleted: { last: 1 } }).tick();
    expect(archives()).toBe(8);
  });
});

describe('keeps', () => {
  it('archives that a person asked for, those in use, foreign ones, and those without a manifest', async () => {
    const ids = await hourly(8);
    const manual = await backup({ at: 0.5, priority: 'on-demand' });
    const safety = await backup({ at: 0.6, priority: 'restore' });
    const other = await backup({ at: 0.7, clusterUid: 'another-cluster' });
    const [used = '', bare = '', gone] = ids;
    const keyOf = (id: string) => history.get(id)?.copies[0]?.key ?? '';
    isRead = key => key === keyOf(used);
    storage.archives.delete(manifestName(keyOf(bare)));
    storage.archives.set(
      'kind__shop__orders-db__20261120T000000Z__stranger.tar.gz',
      Buffer.alloc(9)
    );
    await list();
    await retention().tick();
    expect(present()).toEqual(expect.arrayContaining([manual, safety, other, used, bare]));
    expect(present()).not.toContain(gone);
    expect(storage.archives.has(keyOf(bare))).toBe(true);
    expect([...storage.archives.keys()].join()).toContain('stranger');
  });

  it('archives that are newer than the listing', async () => {
    const ids = await hourly(8);
    await list();
    const [first = ''] = ids;
    const copies = history.get(first)?.copies ?? [];
    const provenAt = new Date(nowMs + 1).toISOString();
    await history.commit(first, { copies: copies.map(copy => ({ ...copy, provenAt })) });
    await retention().tick();
    expect(present()).toContain(first);
    expect(archives()).toBe(4);
  });

  it('the good archives when the newest ones failed their check', async () => {
    const ids = await hourly(6);
    for (const id of ids.slice(3)) {
      const run = exampleRun({ kind: 'verify', status: 'failed', copies: [] });
      await history.add([{ ...run, details: { kind: 'verify', backup: id, totalBytes: null } }]);
    }
    await list();
    await retention({ floor: 3 }).tick();
    expect(present()).toEqual(ids);
  });

  it('as many as the floor after a pause that is longer than the rules', async () => {
    // The clock is eight days ahead, and one run has succeeded: "keep 7 days" must not delete all that was good.
    const within: KeepRules['within'] = { years: 0, months: 0, days: 7, hours: 0 };
    const ids = await hourly(6);
    ids.push(await backup({ at: 6 + 8 * 24 }));
    nowMs = START + (7 + 8 * 24) * HOUR;
    await list();
    const one = retention({ keep: { within } });
    await one.tick();
    expect(present()).toEqual(ids.slice(-3));
    for (let round = 0; round < 3; round++) {
      pass(HOUR);
      await list();
      await one.tick();
    }
    expect(present()).toEqual(ids.slice(-3));
  });

  it.each([
    ['db', 'db-0'],
    ['a', 'a-b'],
    ['a-b', 'a'],
    [`${'x'.repeat(250)}a`, `${'x'.repeat(250)}b`],
  ])('the archives of %s apart from those of %s', async (one, other) => {
    claims.clear();
    addClaim({ name: one, uid: 'uid-1', policyNotes: { 'nkvm.io/keep': 'last=3' } });
    addClaim({ name: other, uid: 'uid-2', policyNotes: { 'nkvm.io/keep': 'last=5' } });
    const mine = await hourly(8, { name: one, uid: 'uid-1' });
    const others = await hourly(8, { name: other, uid: 'uid-2' });
    await list();
    await retention().tick();
    const left = (name: string) => history.archives.archivesOf('shop', name).map(({ run }) => run);
    expect(left(one)).toEqual(mine.slice(-3));
    expect(left(other)).toEqual(others.slice(-5));
  });
});

describe('lines', () => {
  it('go on after a restore: the archives of the claim before count with the own ones', async () => {
    const old = await hourly(4, { uid: 'uid-0' });
    const [restored = ''] = old.slice(-1);
    addClaim({ policyNotes: { 'nkvm.io/restored-from': restored, 'nkvm.io/filled-for': 'uid-1' } });
    const own = [await backup({ at: 10 }), await backup({ at: 11 })];
    await list();
    const one = retention();
    expect(one.retentionOf(orders)).toMatchObject([{ kept: 3, removed: 3 }]);
    await one.tick();
    expect(present()).toEqual([restored, ...own]);
  });

  it('do not go on where the annotations came with an exported manifest', async () => {
    const old = await hourly(6, { uid: 'uid-0' });
    const [restored = ''] = old.slice(-1);
    addClaim({ policyNotes: { 'nkvm.io/restored-from': restored, 'nkvm.io/filled-for': 'uid-0' } });
    const own = [await backup({ at: 10 }), await backup({ at: 11 })];
    await list();
    await retention().tick();
    expect(present()).toEqual([...old, ...own]);
  });

  it('are apart where a claim of the same name is another one', async () => {
    const old = await hourly(4, { uid: 'uid-0' });
    const own = await hourly(5);
    await list();
    await retention({ keepDeleted: { last: 3 } }).tick();
    expect(present().sort()).toEqual([...old.slice(-3), ...own.slice(-3)].sort());
  });

  it('of claims that are gone follow their own rule', async () => {
    claims.clear();
    const ids = await hourly(8);
    await list();
    await retention({ keepDeleted: { last: 4 } }).tick();
    expect(present()).toEqual(ids.slice(-4));
  });
});

it('finishes a deletion that broke off after the history was written', async () => {
  const [first = ''] = await hourly(3);
  const copies = history.get(first)?.copies ?? [];
  const problem = {
    ...({ stage: 'cleanup', failureClass: 'needs-action' } as const),
    ...{ reason: 'DeletedByRetention', message: 'm', hint: 'h' },
  };
  await history.commit(first, {
    copies: copies.map(copy => ({ ...copy, state: 'deleted' as const, problem })),
  });
  await list();
  await retention().tick();
  expect(storage.archives.size).toBe(6);
});

it('takes the rules of the destination before those of the setting', async () => {
  keepOfPlace = 'last=5';
  await hourly(8);
  await list();
  await retention().tick();
  expect(archives()).toBe(5);
});

describe('chains', () => {
  it('go as a whole when nothing needs them any more, without a person', async () => {
    await chainOf(24, 0);
    const ids = await chainOf(6, 24);
    const one = retention({ maxSharePercent: 25 });
    await list();
    expect(one.retentionOf(orders)).toMatchObject([{ kept: 6, removed: 24, hold: null }]);
    await one.tick();
    expect(one.retentionOf(orders)).toMatchObject([{ hold: null }]);
    expect(present()).toEqual(ids);
    expect([...storage.archives.keys()].filter(key => key.endsWith('.json'))).toHaveLength(6);
  });

  it('do not go when many of them would go at once', async () => {
    for (let at = 0; at < 12; at++) await chainOf(3, at * 3);
    await chainOf(3, 40);
    const one = retention({ maxSharePercent: 25 });
    await list();
    await one.tick();
    expect(one.retentionOf(orders)).toMatchObject([{ removed: 36, hold: { kind: 'share' } }]);
    expect(one.retentionOf(orders)[0]?.hold?.message).toContain('12 of 13 without those that');
    expect(archives()).toBe(39);
  });

  it('keep the full archive of an increment that stays, and say so', async () => {
    const [full, next, last] = await chainOf(3, 0);
    const later = await backup({ at: 10 });
    await list();
    const [plan] = retention({ keep: { last: 2 }, floor: 1 }).retentionOf(orders);
    expect(plan?.archives.map(({ keep, reasons }) => [keep, reasons[0]])).toEqual([
      [true, expect.stringContaining('last 1 of 2')],
      [true, expect.stringContaining('last 2 of 2')],
      [true, `backup ${last} needs it`],
      [true, `backup ${last} needs it`],
    ]);
    expect(plan?.archives.map(({ backup: id }) => id)).toEqual([later, last, next, full]);
  });

  it('are no reason to let others go while one of their archives is not there', async () => {
    const older = await hourly(4);
    const [full] = await chainOf(4, 10);
    await list();
    const key = history.get(full!)?.copies[0]?.key ?? '';
    storage.archives.delete(key);
    const one = retention({ keep: { last: 1 }, floor: 1 });
    await one.tick();
    expect(present()).toEqual(expect.arrayContaining(older));
    expect(logged.join()).toContain(`backup ${full}, which stays or is needed, is not there`);
  });

  it.each<[string, (key: string) => void]>([
    ['has no manifest', key => storage.archives.delete(key)],
    ['has an empty manifest', key => storage.archives.set(key, Buffer.alloc(0))],
    [
      'has the manifest of another archive',
      key => {
        const text = storage.archives.get(key)?.toString() ?? '';
        const other = text.replaceAll(exampleManifest().sha256, 'cd'.repeat(32));
        storage.archives.set(key, Buffer.from(other));
      },
    ],
    [
      'has a manifest that only a later version can read',
      key => storage.archives.set(key, Buffer.from('{"formatVersion": 99}')),
    ],
  ])('are no reason to let others go while one of their archives %s', async (_, change) => {
    const older = await hourly(4);
    const [full] = await chainOf(4, 10);
    await list();
    change(manifestName(history.get(full!)?.copies[0]?.key ?? ''));
    await retention({ keep: { last: 1 }, floor: 1 }).tick();
    expect(present()).toEqual(expect.arrayContaining(older));
    expect(logged.join()).toContain('which stays, may not be restored');
  });

  it('are no reason to let others go when a check of one of their archives failed', async () => {
    const older = await hourly(4);
    const ids = await chainOf(4, 10);
    const details = { kind: 'verify', backup: ids[1]!, totalBytes: 1 };
    const id = runIds({ now: () => START + 14 * HOUR, random: randomBytes })();
    const failed = exampleRun({ id, kind: 'verify', status: 'failed' });
    await history.add([{ ...failed, details: details as never, copies: [] }]);
    await list();
    const [plan] = retention({ keep: { last: 1 }, floor: 1 }).retentionOf(orders);
    expect(plan?.archives.filter(({ keep }) => keep).map(({ backup: id }) => id)).toEqual([
      ...[...ids].reverse(),
      older[3],
    ]);
    expect(plan?.archives[0]?.reasons).toEqual([
      `the last check of backup ${ids[1]}, of the same chain, failed`,
    ]);
  });
});
