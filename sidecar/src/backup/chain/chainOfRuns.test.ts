import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Backup } from '../../../api/index.ts';
import type { Identity } from '../../archive/age/keys.ts';
import { newIdentity } from '../../archive/age/keys.ts';
import { chooseBase } from '../../archive/chain/chooseBase.ts';
import { readManifest } from '../../archive/manifest.ts';
import { lane } from '../../cluster/gateway/lane.ts';
import { encryptedDestination } from '../../destinations/encryption/encrypted.ts';
import { keyRing } from '../../destinations/encryption/keyRing.ts';
import { readText } from '../../destinations/read/readText.ts';
import { sameLimits } from '../../helper/wait/waitLimits.ts';
import { untarChain } from '../../testing/chain/chainHere.ts';
import { treeLines } from '../../testing/chain/treeHistory.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { fixedPlaces } from '../../testing/destinations/fixedPlaces.ts';
import type { MemoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { exampleHelperSettings } from '../../testing/helper/exampleHelperSettings.ts';
import type { ProcessCluster } from '../../testing/helper/processCluster.ts';
import { processCluster } from '../../testing/helper/processCluster.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { RunWorld } from '../run.ts';
import { runBackup } from '../run.ts';
import { baseFor } from './baseFor.ts';

let root: string;
let volume: string;
let storage: MemoryStorage;
let cluster: ProcessCluster;
let runs: Backup[];
let failedChecks: Set<string>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nkvm-chain-runs-'));
  volume = join(root, 'volume');
  mkdirSync(volume);
  writeFileSync(join(volume, 'one'), 'one');
  writeFileSync(join(volume, 'two'), 'two');
  storage = memoryStorage();
  cluster = processCluster(volume);
  runs = [];
  failedChecks = new Set();
});
afterEach(async () => {
  await cluster.stop();
  rmSync(root, { recursive: true, force: true });
});

const destination = () => memoryDestination(storage);

/** Backs up the volume, as the queue would. */
async function backUp(id: string, change: Partial<RunWorld> = {}): Promise<Backup> {
  const now = new Date(Date.parse('2026-11-21T10:00:01Z') + runs.length * 3_600_000);
  const run = {
    ...exampleRun({ id, uid: 'uid-1', destinations: ['memory'], createdAt: now.toISOString() }),
    ...{ copies: [], seal: null, status: 'running' as const },
  };
  const history = {
    archives: { failedChecks: () => failedChecks },
    list: () => ({ backups: [...runs].reverse(), nextCursor: null } as never),
    get: (each: string) => runs.find(one => one.id === each),
  };
  const end = await runBackup(
    run,
    testClaim(),
    {
      cluster,
      readClaim: async () => ({ uid: 'uid-1', labels: {}, annotations: {}, spec: {}, status: {} }),
      places: fixedPlaces([destination()]),
      clusterName: 'test',
      identity: { clusterUid: 'c', installation: 'i', namespaceUidOf: () => 'n' },
      helperSettings: exampleHelperSettings,
      waitLimits: sameLimits(5000),
      runTimeoutMs: 60_000,
      unpacking: lane(1),
      proofPlans: (_, all) => all.map(() => ({ by: 'reading', level: 'contents' })),
      version: '0.0.0',
      now: () => now,
      entriesBefore: () => 3,
      chooseBase: (asked, targets, patterns) =>
        chooseBase({
          ...{ mode: 'always', isHourly: false, isScheduled: false, isFullAsked: false },
          ...{ isSafety: false, isStoredUnpacked: false },
          base: baseFor(
            history,
            asked,
            targets.map(({ name }) => name)
          ),
          ...{ patterns, now },
        }),
      ...change,
    },
    () => undefined,
    new AbortController().signal
  );
  const ended = { ...run, ...end } as Backup;
  runs.push(ended);
  return ended;
}

const keyOf = (run: Backup): string => run.copies[0]?.key ?? '';

async function manifestOf(run: Backup) {
  const key = `${keyOf(run)}.json`;
  return readManifest(key, await readText(destination(), key, 1_000_000));
}

it('makes a full archive, and then increments that name all archives before them', async () => {
  const full = await backUp('01full');
  expect(full).toMatchObject({
    status: 'success',
    chain: { links: [], why: expect.stringContaining('no earlier') },
  });
  writeFileSync(join(volume, 'two'), 'changed');
  const one = await backUp('02one');
  rmSync(join(volume, 'one'));
  const two = await backUp('03two');
  expect(one.chain?.links.map(({ runId }) => runId)).toEqual(['01full']);
  expect(two.chain?.links.map(({ runId }) => runId)).toEqual(['01full', '02one']);
  const manifest = await manifestOf(two);
  expect(manifest).toMatchObject({
    chain: two.chain,
    snapshot: { key: `${keyOf(two)}.snapshot.gz` },
    seal: { entriesInVolume: 2 },
  });
  expect([...storage.archives.keys()].filter(key => key.endsWith('.snapshot.gz'))).toHaveLength(3);
  const archives = await Promise.all(
    [full, one, two].map(async run => await buffer(await destination().open(keyOf(run))))
  );
  const target = join(root, 'restored');
  mkdirSync(target);
  untarChain(archives, target);
  expect(treeLines(target)).toEqual(treeLines(volume));
});

it('makes a full archive when the keys of an encrypted destination have changed', async () => {
  const keys = keyRing().of('memory');
  const placesFor = (...recipients: Identity[]): Partial<RunWorld> => {
    const to = encryptedDestination(destination(), { whom: { recipients }, keys });
    return { places: fixedPlaces([to], () => ({ archiveForm: 'tar.gz.age' })) };
  };
  const [earlier, later] = [newIdentity(), newIdentity()];
  await backUp('01full', placesFor(earlier));
  const one = await backUp('02one', placesFor(earlier));
  expect(one.chain?.links).toHaveLength(1);
  const both = await backUp('03both', placesFor(earlier, later));
  expect(both).toMatchObject({
    status: 'success',
    chain: { links: [], why: expect.stringMatching(/not encrypted for the present keys/) },
  });
  const two = await backUp('04two', placesFor(later, earlier));
  expect(two.chain?.links.map(({ runId }) => runId)).toEqual(['03both']);
});

it.each<[string, (full: Backup) => Promise<void>, RegExp]>([
  [
    'the snapshot file is lost',
    full => destination().remove(`${keyOf(full)}.snapshot.gz`),
    /snapshot file/,
  ],
  [
    'the full archive is gone, and the history does not know it',
    full => destination().remove(keyOf(full)),
    /01full is missing/,
  ],
  [
    'the full archive is cut, and the history does not know it',
    async full => {
      const key = keyOf(full);
      storage.archives.set(key, storage.archives.get(key)!.subarray(1));
    },
    /01full is missing at memory, or has another size/,
  ],
  [
    'a check of the full archive failed',
    async ({ id }) => void failedChecks.add(id),
    /last check of backup 01full failed/,
  ],
  [
    'the snapshot file is that of another archive',
    async full => {
      const key = `${keyOf(full)}.snapshot.gz`;
      storage.archives.set(key, Buffer.concat([storage.archives.get(key)!, Buffer.from('x')]));
    },
    /snapshot file/,
  ],
])('makes a full archive where %s', async (_, break_, why) => {
  const full = await backUp('01full');
  await break_(full);
  const next = await backUp('02next');
  expect(next.status).toBe('success');
  expect(next.chain).toEqual({ links: [], why: expect.stringMatching(why) });
});

it('packs once more without a search for holes, and in full, where files have data and use no block', async () => {
  await backUp('01full');
  const bin = join(root, 'bin');
  const log = join(root, 'arguments');
  const instead = (name: string, script: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  mkdirSync(bin);
  const real = 'exec /usr/bin/env PATH=/usr/bin:/bin';
  instead('tar', `case "$*" in *--index-file*) echo "$*" >>'${log}';; esac; ${real} tar "$@"`);
  instead('date', 'echo $(($(/bin/date "$@") + 60))'); // the files are older than the backup
  instead(
    'find',
    `for each; do shift
      [ "$before" != /dev/fd/6 ] || each='0\\t%p\\0'
      set -- "$@" "$each"; before=$each
    done; ${real} find "$@"`
  );
  const withoutBlocks = new Set<string>();
  const withPath = (words: readonly string[]) => [
    'env',
    `PATH=${bin}:${process.env.PATH}`,
    ...words,
  ];
  const change: Partial<RunWorld> = {
    withoutBlocks,
    cluster: { ...cluster, exec: (at, words, more) => cluster.exec(at, withPath(words), more) },
  };
  expect(await backUp('02again', change)).toMatchObject({
    status: 'success',
    chain: { links: [], why: expect.stringContaining('use no block') },
    warnings: [],
  });
  expect(
    readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map(line => line.includes(' --sparse '))
  ).toEqual([true, false]);
  expect([...withoutBlocks]).toEqual(['uid-1']);
  // The next knows it.
  expect(await backUp('03next', change)).toMatchObject({
    status: 'success',
    chain: { links: [{ runId: '02again' }] },
  });
  expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(3);
});
