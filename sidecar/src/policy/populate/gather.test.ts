import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { manifestName } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import { localDestination } from '../../destinations/directory/local.ts';
import { readText } from '../../destinations/read/readText.ts';
import { StageError } from '../../errors.ts';
import type { RunRecord } from '../../history/history.ts';
import { openHistory } from '../../history/openHistory.ts';
import { fixedPlaces } from '../../testing/destinations/fixedPlaces.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { PopulateWish } from '../../testing/policy/populateWorld.ts';
import {
  OLD_UID,
  populateWorld,
  storeBackup,
  waitingClaim,
} from '../../testing/policy/populateWorld.ts';
import type { Decision } from './decision.ts';

let dir: string;
let east: Destination;
let signal: AbortSignal;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-populate-'));
  east = { ...localDestination(dir, { installation: 'us' }), id: 'east' };
  signal = new AbortController().signal;
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
});

const decide = (wish: PopulateWish = {}, claim = waitingClaim(), to = [east]): Promise<Decision> =>
  populateWorld(to, wish).decisionFor(claim, { signal });
const start = (value: string) => waitingClaim({ policyNotes: { 'nkvm.io/start': value } });
const restores = (backup: string) => ({ kind: 'restore', candidate: { backup } });
const reason = (text: string) => ({ reason: text });

describe('a selector of namespaces', () => {
  it('is asked about the namespace of the claim, before any destination', async () => {
    await storeBackup(east);
    const asked: string[] = [];
    const read: string[] = [];
    const watched: Destination = {
      ...east,
      list: (...args) => {
        read.push('list');
        return east.list(...args);
      },
    };
    const isSelected = async (namespace: string) => {
      asked.push(namespace);
      return false;
    };
    const decision = await decide({ isSelected }, waitingClaim(), [watched]);
    expect(decision).toMatchObject({
      ...{ kind: 'ask', reason: 'NamespaceNotSelected' },
      message: expect.stringContaining('claim shop/orders-db is not restored'),
    });
    expect([asked, read]).toEqual([['shop'], []]);
    expect(await decide({ isSelected: async () => true })).toMatchObject({ kind: 'restore' });
  });
});

describe('archives in a directory', () => {
  it('none: the claim starts empty', async () => {
    expect(await decide()).toMatchObject({ kind: 'empty', startedEmpty: 'none-found' });
  });

  it('the newest good one is restored, by its manifest', async () => {
    await storeBackup(east, { at: '2026-11-18T00:00:00.000Z' });
    const { runId, key } = await storeBackup(east, { at: '2026-11-20T00:00:00.000Z' });
    await storeBackup(east, { at: '2026-11-19T00:00:00.000Z' });
    expect(await decide()).toMatchObject({
      ...restores(runId),
      candidate: { source: `archive:east/${key}`, neededBytes: 5_632, proof: 'checksum' },
    });
  });

  it.each([
    ['of a claim whose name begins alike', { pvc: 'orders-db-0' }],
    ['of a claim whose name is a beginning', { pvc: 'orders' }],
    ['of a namespace whose name begins alike', { namespace: 'shop-2' }],
    ['of a claim with the namespace in its name', { namespace: 'shop-orders', pvc: 'db' }],
  ])('one %s is not its own', async (_, of) => {
    await storeBackup(east, of);
    expect(await decide()).toMatchObject({ kind: 'empty' });
  });

  it('of two claims whose shortened names begin alike are told apart by the manifest', async () => {
    const long = (end: string) => `${'a'.repeat(200)}-${end}`;
    const { runId } = await storeBackup(east, { pvc: long('one') });
    expect(await decide({}, waitingClaim({ name: long('one') }))).toMatchObject(restores(runId));
    expect(await decide({}, waitingClaim({ name: long('two') }))).toMatchObject({ kind: 'empty' });
  });

  it('whose manifest names another claim is not its own, whatever its name says', async () => {
    const other = await storeBackup(east, { namespace: 'bank', pvc: 'secrets' });
    const { key } = await storeBackup(east, { hasManifest: false });
    const text = await readText(east, manifestName(other.key), 100_000);
    await east.put(manifestName(key), text);
    expect(await decide()).toMatchObject(reason('NoGoodBackup'));
  });

  it('whose size is not that of its manifest is passed over', async () => {
    const good = await storeBackup(east, { at: '2026-11-18T00:00:00.000Z' });
    const bad = await storeBackup(east, { at: '2026-11-19T00:00:00.000Z', contents: 'cut' });
    expect(await decide()).toMatchObject({
      ...restores(good.runId),
      passedOver: [{ backup: bad.runId, why: expect.stringContaining('has 3 bytes') }],
    });
  });

  it('that was made before a restore is a question, with the backup before it', async () => {
    const scheduled = await storeBackup(east, { at: '2026-11-18T00:00:00.000Z' });
    const safety = { at: '2026-11-19T00:00:00.000Z', priority: 'restore' as const };
    const { runId } = await storeBackup(east, safety);
    expect(await decide()).toMatchObject({
      ...reason('SafetyBackupNewest'),
      choices: [{ backup: runId }, { backup: scheduled.runId }],
    });
    expect(await decide({}, start(scheduled.runId))).toMatchObject(restores(scheduled.runId));
    const since = await storeBackup(east, { at: '2026-11-20T00:00:00.000Z' });
    expect(await decide()).toMatchObject(restores(since.runId));
  });

  it('with half a manifest is passed over, and alone is a question', async () => {
    const bad = await storeBackup(east, { manifestText: '{"formatVersion": 4,' });
    expect(await decide()).toMatchObject(reason('NoGoodBackup'));
    const good = await storeBackup(east, { at: '2026-11-18T00:00:00.000Z' });
    expect(await decide()).toMatchObject({
      ...restores(good.runId),
      passedOver: [{ backup: bad.runId }],
    });
  });

  it('without a manifest is a question, and never an empty volume', async () => {
    await storeBackup(east, { hasManifest: false });
    expect(await decide()).toMatchObject({ kind: 'ask', reason: 'NoGoodBackup' });
  });

  it('of a later version is a question', async () => {
    await storeBackup(east, { manifestText: '{"formatVersion":9,"readableBy":9}' });
    expect(await decide()).toMatchObject({ kind: 'ask', reason: 'ManifestTooNew' });
  });

  it('that needs more than the claim requests is a question', async () => {
    await storeBackup(east, { usedBytes: 2 ** 31 });
    expect(await decide()).toMatchObject({ kind: 'ask', reason: 'TargetTooSmall' });
  });

  it('that a person names is restored, though it is not the newest', async () => {
    const old = await storeBackup(east, { at: '2026-11-01T00:00:00.000Z' });
    for (let day = 10; day < 20; day += 1)
      await storeBackup(east, { at: `2026-11-${day}T00:00:00.000Z` });
    expect(await decide({}, start(old.runId))).toMatchObject(restores(old.runId));
    expect(await decide({}, start('2026-02-31'))).toMatchObject(reason('StartInvalid'));
  });

  it('are not asked for where the directory is not there', async () => {
    await rm(dir, { recursive: true });
    onTestFinished(() => void mkdirSync(dir));
    expect(await decide()).toMatchObject({ kind: 'wait', reason: 'BackupsNotListed' });
  });
});

describe('a destination that cannot be asked', () => {
  const away = new StageError('queue', 'DestinationPaused', 'west is paused', 'wait', 'transient');
  const places = () =>
    fixedPlaces([east, { ...east, id: 'west' }], ({ id }) =>
      id === 'west'
        ? {
            use() {
              throw away;
            },
          }
        : {}
    );

  it('because it is paused keeps the claim waiting, and restores what a person names', async () => {
    const { runId } = await storeBackup(east);
    const decisions = populateWorld(places());
    expect(await decisions.decisionFor(waitingClaim(), { signal })).toMatchObject({
      kind: 'wait',
      message: expect.stringContaining('west is paused'),
    });
    expect(await decisions.decisionFor(start(runId), { signal })).toMatchObject(restores(runId));
  });

  it('because its listing breaks off half-way gives nothing, not even what it has shown', async () => {
    await storeBackup(east);
    const half: Destination = {
      ...east,
      async *list(listing) {
        yield* east.list(listing);
        throw new StageError('checksum', 'ConnectionBroke', 'broke', 'h', 'transient');
      },
    };
    expect(await decide({}, waitingClaim(), [half])).toMatchObject(reason('BackupsNotListed'));
  });

  it('because it hangs keeps the claim waiting, for a limited time', async () => {
    const hangs: Destination = {
      ...east,
      // eslint-disable-next-line require-yield
      async *list() {
        await new Promise(() => undefined);
      },
    };
    expect(await decide({ limitMs: 20 }, waitingClaim(), [hangs])).toMatchObject({
      ...reason('BackupsNotListed'),
      message: expect.stringContaining('not listed to its end in time'),
    });
  });

  it('for a manifest keeps the claim waiting, though an older one can be read', async () => {
    await storeBackup(east, { at: '2026-11-18T00:00:00.000Z' });
    const { key } = await storeBackup(east, { at: '2026-11-19T00:00:00.000Z' });
    const denies: Destination = {
      ...east,
      async open(each, call) {
        if (each !== manifestName(key)) return await east.open(each, call);
        throw new StageError('checksum', 'AccessDenied', 'denied', 'allow it', 'needs-action');
      },
    };
    expect(await decide({}, waitingClaim(), [denies])).toMatchObject(reason('BackupsNotListed'));
  });
});

describe('archives of other clusters', () => {
  const old = { cluster: 'prod-1', clusterUid: OLD_UID };
  const continues = [{ name: 'prod-1', uid: OLD_UID }];

  it('are a question without a setting, whose value is in the log once, and not on the claim', async () => {
    await storeBackup(east, old);
    const lines: string[] = [];
    const { decisionFor } = populateWorld([east], {
      log: { info: (_, message) => void lines.push(message) },
    });
    const waiting = async () => await decisionFor(waitingClaim(), { signal });
    const { others, ...shown } = (await waiting()) as Decision & { others: unknown[] };
    await waiting();
    expect(others).toHaveLength(1);
    expect(shown).toMatchObject({
      ...reason('BackupOfAnotherCluster'),
      message: expect.stringContaining('prod-1'),
    });
    expect(JSON.stringify(shown)).not.toContain(OLD_UID);
    expect(lines).toEqual([expect.stringContaining(`NKVM_CONTINUES=prod-1=${OLD_UID}`)]);
    expect(await decide({ continues: 'none' })).toMatchObject({ kind: 'empty' });
  });

  it('are restored where this one continues theirs', async () => {
    const { runId } = await storeBackup(east, old);
    expect(await decide({ continues })).toMatchObject(restores(runId));
  });

  it('count by the UID, not by the name: a cluster of the same name is another one', async () => {
    await storeBackup(east, { cluster: 'kind', clusterUid: OLD_UID });
    expect(await decide()).toMatchObject(reason('BackupOfAnotherCluster'));
    const { runId } = await storeBackup(east, { at: '2026-11-01T00:00:00.000Z' });
    expect(await decide()).toMatchObject(restores(runId));
  });

  it('that this one continues must be there, of any claim, before a claim starts empty', async () => {
    expect(await decide({ continues })).toMatchObject(reason('ContinuedClusterNotSeen'));
    await storeBackup(east, { ...old, pvc: 'carts' });
    expect(await decide({ continues })).toMatchObject({ kind: 'empty' });
  });
});

describe('with a history', () => {
  async function withRuns(...runs: RunRecord[]) {
    const metadata = mkdtempSync(join(tmpdir(), 'nkvm-populate-history-'));
    const history = await openHistory(join(metadata, 'nkvm.db'));
    onTestFinished(async () => {
      await history.close();
      rmSync(metadata, { recursive: true });
    });
    await history.add(runs);
    return history;
  }
  const run = (id: string, key: string, change: Partial<RunRecord> = {}): RunRecord => {
    const example = exampleRun({ id, createdAt: '2026-11-20T10:11:12.000Z', ...change });
    const copies = example.copies.map(copy => ({ ...copy, destination: 'east', key, bytes: 42 }));
    return { ...example, copies: change.copies ?? copies };
  };

  it('a backup that it has is restored by its id', async () => {
    const { runId, key } = await storeBackup(east);
    const history = await withRuns(run(runId, key));
    expect(await decide({ history })).toMatchObject({ candidate: { source: runId } });
  });

  it('a newer backup that is not there any more is a question', async () => {
    const { runId, key } = await storeBackup(east);
    const gone = exampleRun({ createdAt: '2026-11-21T00:00:00.000Z' });
    const history = await withRuns(
      run(runId, key),
      run(gone.id, 'gone', { createdAt: gone.createdAt })
    );
    expect(await decide({ history })).toMatchObject(reason('BackupNotThere'));
    expect(await decide({ history }, start('newest'))).toMatchObject(restores(runId));
  });

  it('an archive on which the last verification has failed is passed over', async () => {
    const good = await storeBackup(east, { at: '2026-11-18T00:00:00.000Z' });
    const bad = await storeBackup(east, { at: '2026-11-19T00:00:00.000Z' });
    const check = exampleRun({ kind: 'verify', status: 'failed', reason: 'ArchiveBroken' });
    const details = { kind: 'verify' as const, backup: bad.runId, totalBytes: 42 };
    const history = await withRuns(
      run(good.runId, good.key, { createdAt: '2026-11-18T00:00:00.000Z' }),
      run(bad.runId, bad.key, { createdAt: '2026-11-19T00:00:00.000Z' }),
      { ...check, copies: [], details }
    );
    expect(await decide({ history })).toMatchObject(restores(good.runId));
  });

  it('an archive whose restore has failed twice is passed over, and the older one is looked at', async () => {
    const good = await storeBackup(east, { at: '2026-11-18T00:00:00.000Z' });
    const bad = await storeBackup(east, { at: '2026-11-19T00:00:00.000Z' });
    const failure = { at: '2026-11-20T00:00:00.000Z', reason: 'ArchiveDamaged', message: 'bad' };
    const failed = [{ backup: bad.runId, attempts: 2, ...failure }];
    const { decisionFor } = populateWorld([east], {});
    expect(await decisionFor(waitingClaim(), { signal, failed })).toMatchObject({
      ...restores(good.runId),
      passedOver: [{ backup: bad.runId }],
    });
  });

  it('a backup of another claim that a person names is as one that there is not', async () => {
    const { runId, key } = await storeBackup(east, { namespace: 'bank' });
    const history = await withRuns(run(runId, key, { namespace: 'bank' }));
    const unknown = '0'.repeat(runId.length);
    const [hidden, missing] = [
      await decide({ history }, start(runId)),
      await decide({ history }, start(unknown)),
    ];
    expect(hidden).toMatchObject(reason('StartNotFound'));
    expect(JSON.stringify(hidden).replaceAll(runId, unknown)).toBe(JSON.stringify(missing));
  });
});
