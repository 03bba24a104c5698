import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backup } from '../../../api/index.ts';
import { newIdentity } from '../../archive/age/keys.ts';
import { readManifest } from '../../archive/manifest.ts';
import { lane } from '../../cluster/gateway/lane.ts';
import type { Destination } from '../../destinations/destination.ts';
import { encryptedDestination } from '../../destinations/encryption/encrypted.ts';
import { keyRing } from '../../destinations/encryption/keyRing.ts';
import type { Place, Places } from '../../destinations/places.ts';
import { nearlyFull } from '../../destinations/room.ts';
import { StageError } from '../../errors.ts';
import { sameLimits } from '../../helper/wait/waitLimits.ts';
import type { RunChange } from '../../history/history.ts';
import type { JobEnd } from '../../jobs/job.ts';
import { CANCELLED } from '../../jobs/job.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { failing, stalling } from '../../testing/destinations/failingDestination.ts';
import { fixedPlaces } from '../../testing/destinations/fixedPlaces.ts';
import type { MemoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { exampleHelperSettings } from '../../testing/helper/exampleHelperSettings.ts';
import type { ProcessCluster } from '../../testing/helper/processCluster.ts';
import { processCluster } from '../../testing/helper/processCluster.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import { proofPlansFor } from '../proofLevel.ts';
import type { RunWorld } from '../run.ts';
import { runBackup } from '../run.ts';

const claim = testClaim();
const NAME = 'test__shop__orders-db__20261121T100001Z__01run.tar.gz';
const paused = new StageError('copy', 'DestinationPaused', 'it is away', 'wait', 'transient');
const loginRefused = new StageError('copy', 'LoginRefused', 'wrong key', 'fix it', 'needs-action');

let dir: string;
let cluster: ProcessCluster;
let a: MemoryStorage;
let b: MemoryStorage;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-several-'));
  writeFileSync(join(dir, 'orders'), randomBytes(3_000_000));
  cluster = processCluster(dir);
  [a, b] = [memoryStorage(), memoryStorage()];
});
afterEach(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
});

const near = (): Destination => ({ ...memoryDestination(a), id: 'a' });
const far = (change: Partial<Destination> = {}): Destination => ({
  ...memoryDestination(b),
  id: 'b',
  location: 'memory of b',
  isNear: false,
  ...change,
});

interface Asked {
  to?: Destination[];
  names?: string[];
  place?: (destination: Destination) => Partial<Place>;
  world?: Partial<RunWorld>;
  signal?: AbortSignal;
  report?: (change: RunChange) => void;
}

const backUp = async ({ to = [near(), far()], place, ...asked }: Asked = {}): Promise<JobEnd> => {
  const destinations = asked.names ?? to.map(({ id }) => id);
  const run = {
    ...{ id: '01run', namespace: 'shop', name: 'orders-db', uid: 'uid-1', destinations },
    ...{ createdAt: '2026-11-21T10:00:00.000Z', priority: 'on-demand', attempt: 1 },
    requestedBy: 'system:admin',
  } as Backup;
  const world: RunWorld = {
    cluster,
    readClaim: async () => ({ uid: 'uid-1', labels: {}, annotations: {}, spec: {}, status: {} }),
    places: fixedPlaces(to, place),
    clusterName: 'test',
    identity: { clusterUid: 'cluster-1', installation: 'i', namespaceUidOf: () => 'namespace-1' },
    ...{ helperSettings: exampleHelperSettings, waitLimits: sameLimits(5000) },
    ...{ runTimeoutMs: 60_000, unpacking: lane(1), version: '0.0.0' },
    proofPlans: (_, all) =>
      all.map(({ isNear }) => ({ by: isNear ? 'reading' : 'server', level: 'checksum' })),
    now: () => new Date('2026-11-21T10:00:01Z'),
    entriesBefore: () => undefined,
    ...asked.world,
  };
  const { signal = new AbortController().signal, report = () => undefined } = asked;
  return await runBackup(run, claim, world, report, signal);
};

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const keysIn = ({ archives }: MemoryStorage) => [...archives.keys()];
const whole = [`${NAME}.index.gz`, NAME, `${NAME}.json`];

it('reads the volume once and stores it at each destination', async () => {
  const end = await backUp();
  expect(end).toMatchObject({
    status: 'success',
    message: 'backed up',
    destinations: ['a', 'b'],
    copies: [
      { destination: 'a', state: 'present', isRequired: true, sha256: end.sha256 },
      { destination: 'b', state: 'present', isRequired: true, sha256: end.sha256 },
    ],
  });
  expect(keysIn(a)).toEqual(whole);
  expect(keysIn(b)).toEqual(whole);
  expect(b.archives.get(NAME)).toEqual(a.archives.get(NAME));
  const text = b.archives.get(`${NAME}.json`)?.toString() ?? '';
  expect(readManifest(NAME, text).destinations).toEqual([
    { name: 'a', isRequired: true },
    { name: 'b', isRequired: true },
  ]);
});

it('stores nothing at a storage that a destination has left meanwhile, and is tried again', async () => {
  const backUpTo = async (...more: Destination[]) => {
    const moved = { isSo: false };
    const stage: Destination['stage'] = async (...call) => {
      moved.isSo = true;
      return await memoryDestination(b).stage(...call);
    };
    const places = fixedPlaces([...more, far({ stage })]);
    const get: Places['get'] = name => {
      const place = places.get(name);
      return place && name === 'b' && moved.isSo ? { ...place, location: 'elsewhere' } : place;
    };
    const names = [...more.map(({ id }) => id), 'b'];
    return await backUp({ names, world: { places: { ...places, get } } });
  };
  expect(await backUpTo()).toMatchObject({
    ...{ status: 'failed', reason: 'DestinationReplaced', failureClass: 'transient' },
  });
  expect({ kept: keysIn(b), left: b.temporaries.size }).toEqual({ kept: [], left: 0 });
  expect(await backUpTo(near())).toMatchObject({
    ...{ status: 'failed', reason: 'Incomplete' },
    copies: [
      { destination: 'a', state: 'present' },
      { destination: 'b', state: 'awaited', problem: { reason: 'DestinationReplaced' } },
    ],
  });
  expect({ kept: keysIn(b), left: b.temporaries.size }).toEqual({ kept: [], left: 0 });
});

describe('a destination that fails', () => {
  it.each<[string, (to: Destination) => Destination, string]>([
    ['while it stores', to => failing(to, 'stage'), 'copy'],
    ['when it is read back', to => failing(to, 'readBack'), 'checksum'],
    ['when it publishes', to => failing(to, 'publish'), 'publish'],
    ['when it stores the manifest', to => failing(to, 'put'), 'publish'],
  ])('%s leaves nothing there, and the other keeps its copy', async (_, broken, stage) => {
    const end = await backUp({ to: [near(), broken(far())] });
    expect(end).toMatchObject({
      status: 'failed',
      stage,
      reason: 'Incomplete',
      message: expect.stringMatching(/^incomplete: missing at b: \w+ was made to fail$/),
      copies: [
        { destination: 'a', state: 'present' },
        { destination: 'b', state: 'awaited', problem: { reason: 'InjectedFault', stage } },
      ],
      isLast: true,
    });
    expect(keysIn(a)).toEqual(whole);
    expect(keysIn(b)).toEqual([]);
    expect(a.temporaries.size + b.temporaries.size).toBe(0);
    expect(cluster.existing.size).toBe(0);
  });

  it('and is optional leaves a success with a warning', async () => {
    const end = await backUp({
      to: [near(), failing(far(), 'stage')],
      place: ({ id }) => ({ isRequired: id === 'a' }),
    });
    expect(end).toMatchObject({
      status: 'success',
      warnings: ['missing at b: stage was made to fail'],
      copies: [{ state: 'present' }, { state: 'awaited', isRequired: false }],
    });
  });

  it('fails the run, which is tried again, when the others fail as well', async () => {
    const end = await backUp({ to: [failing(near(), 'publish'), failing(far(), 'stage')] });
    expect(end).toMatchObject({ status: 'failed', reason: 'InjectedFault', copies: [] });
    expect(end.isLast).toBeUndefined();
    expect([...keysIn(a), ...keysIn(b)]).toEqual([]);
  });

  it('needs a person: its copy is not tried again by itself', async () => {
    const end = await backUp({ to: [near(), failing(far(), 'stage', loginRefused)] });
    expect(end).toMatchObject({
      reason: 'Incomplete',
      failureClass: 'needs-action',
      hint: 'fix it; then copy the backup there; the present copies can be restored',
      copies: [{ state: 'present' }, { state: 'failed', retryAt: null }],
    });
  });
});

it('goes on without a destination that stalls, and the others do not wait for its end', async () => {
  let tick = () => {};
  const every = (_: number, each: () => void) => {
    tick = each;
    return () => undefined;
  };
  const timer = setInterval(() => tick(), 5);
  const fanOut = { every, bufferBytes: 64 * 1024 };
  const end = await backUp({ to: [near(), stalling(far(), 100_000)], world: { fanOut } });
  clearInterval(timer);
  expect(end).toMatchObject({
    reason: 'Incomplete',
    message: expect.stringMatching(
      /destination b took .* in 60 s while the other destinations waited/
    ),
    copies: [{ state: 'present' }, { problem: { reason: 'DestinationStalled' } }],
  });
  expect(keysIn(b)).toEqual([]);
});

describe('a destination that cannot be used', () => {
  it.each<[string, Asked, string, string]>([
    [
      'is paused',
      {
        place: ({ id }) =>
          id === 'b'
            ? {
                use() {
                  throw paused;
                },
              }
            : {},
      },
      'DestinationPaused',
      'awaited',
    ],
    ['is not known', { names: ['a', 'gone'] }, 'DestinationUnknown', 'failed'],
    [
      'is nearly full',
      { world: { roomOf: async name => (name === 'b' ? nearlyFull(1, 2) : undefined) } },
      'DestinationNearlyFull',
      'failed',
    ],
  ])('because it %s does not keep the archive from the other', async (_, asked, reason, state) => {
    const end = await backUp(asked);
    expect(end).toMatchObject({
      reason: 'Incomplete',
      copies: [
        { destination: 'a', state: 'present' },
        { state, problem: { reason }, key: NAME },
      ],
    });
    expect(keysIn(a)).toEqual(whole);
  });

  it('and is the only one fails the run before a helper is made', async () => {
    let created = 0;
    const pods: typeof cluster.pods = {
      ...cluster.pods,
      create: async (...call) => {
        created += 1;
        return await cluster.pods.create(...call);
      },
    };
    const end = await backUp({ names: ['gone'], world: { cluster: { ...cluster, pods } } });
    expect(end).toMatchObject({ status: 'failed', reason: 'DestinationUnknown', copies: [] });
    expect(created).toBe(0);
  });
});

describe('proof at a destination that is not near', () => {
  const confirming = (
    confirm: () => Promise<{ level: 'checksum' | 'size'; by: string } | undefined>
  ) =>
    far({
      stage: async (...call) => ({ ...(await memoryDestination(b).stage(...call)), confirm }),
    });

  it.each(['checksum', 'size'] as const)('is what the server says: %s', async level => {
    const to = [near(), confirming(async () => ({ level, by: 'a test' }))];
    expect((await backUp({ to })).copies).toMatchObject([
      { proof: { level: 'checksum', readFrom: 'cache' } },
      { proof: { level, readFrom: 'server' } },
    ]);
  });

  it('is a read-back where the server says nothing', async () =>
    expect((await backUp({ to: [confirming(async () => undefined)] })).copies).toMatchObject([
      { proof: { level: 'checksum', readFrom: 'cache' } },
    ]));

  it('comes after the name and before the manifest where nothing can be seen earlier', async () => {
    const seen: string[][] = [];
    const to = far({
      provesAfterPublish: true,
      async stage(...call) {
        const staged = await memoryDestination(b).stage(...call);
        return {
          ...staged,
          async confirm() {
            seen.push(keysIn(b));
            return { level: 'checksum', by: 'a test' };
          },
        };
      },
    });
    expect(await backUp({ to: [to] })).toMatchObject({ status: 'success' });
    expect(seen).toEqual([[`${NAME}.index.gz`, NAME]]);
  });

  it('removes an archive that has its name when it holds something else', async () => {
    const differs = new StageError('checksum', 'DigestDiffers', 'another', 'look', 'unknown');
    const to = far({
      provesAfterPublish: true,
      stage: async (...call) => ({
        ...(await memoryDestination(b).stage(...call)),
        confirm: () => Promise.reject(differs),
      }),
    });
    expect(await backUp({ to: [near(), to] })).toMatchObject({
      reason: 'Incomplete',
      copies: [{ state: 'present' }, { state: 'awaited', problem: { reason: 'DigestDiffers' } }],
    });
    expect(keysIn(b)).toEqual([]);
  });

  it('refuses a storage that took fewer bytes, whatever it says of them', async () => {
    const to = far({
      stage: async (...call) => ({
        ...(await memoryDestination(b).stage(...call)),
        bytes: 5,
        confirm: async () => ({ level: 'checksum', by: 'a liar' }),
      }),
    });
    expect(await backUp({ to: [to] })).toMatchObject({ reason: 'ReadBackDiffers', copies: [] });
  });
});

it('stores the tar itself where archives are stored so', async () => {
  const end = await backUp({ place: ({ id }) => (id === 'b' ? { archiveForm: 'tar' } : {}) });
  const [plain, tar] = end.copies ?? [];
  expect(end).toMatchObject({ status: 'success' });
  expect(tar).toMatchObject({ key: NAME.replace('.gz', ''), bytes: end.seal?.rawBytes });
  const stored = b.archives.get(tar?.key ?? '') ?? Buffer.alloc(0);
  expect(gzipSync(stored).length).toBeGreaterThan(0);
  expect(stored.length).toBe(tar?.bytes);
  expect(plain).toMatchObject({ key: NAME, bytes: end.bytes });
});

it('stores and proves an encrypted copy without a secret key, and names no file in clear', async () => {
  const ring = keyRing();
  const to = encryptedDestination(far(), {
    whom: { recipients: [newIdentity()] },
    keys: ring.of('b'),
  });
  const end = await backUp({
    to: [near(), { ...to, isNear: true }],
    place: ({ id }) => (id === 'b' ? { archiveForm: 'tar.gz.age' } : {}),
  });
  const key = `${NAME}.age`;
  const file = b.archives.get(key) ?? Buffer.alloc(0);
  expect(end).toMatchObject({
    status: 'success',
    copies: [
      { key: NAME, sha256: end.sha256, stored: null },
      {
        ...{ key, sha256: end.sha256, bytes: end.bytes },
        stored: { bytes: file.length, sha256: sha256Of(file) },
      },
    ],
  });
  expect(keysIn(b).sort()).toEqual([`${NAME}.age`, `${NAME}.age.json`, `${NAME}.index.gz.age`]);
  for (const each of [key, `${NAME}.index.gz.age`])
    expect(String(b.archives.get(each)?.subarray(0, 21))).toBe('age-encryption.org/v1');
  const { tarMessages, restoreCommand } = readManifest(key, String(b.archives.get(`${key}.json`)));
  expect({ tarMessages, restoreCommand }).toEqual({
    tarMessages: [],
    restoreCommand: expect.stringContaining(`age --decrypt --identity=key.txt ${key} | tar`),
  });
  expect(ring.isUnlocked('b')).toBe(false);
  expect((await buffer(await to.open(key))).equals(a.archives.get(NAME)!)).toBe(true);
});

it('keeps what was proven before a person cancelled, and says so', async () => {
  const cancel = new AbortController();
  const hangs = far({
    stage: async (...call) => ({
      ...(await memoryDestination(b).stage(...call)),
      async confirm() {
        while (!keysIn(a).includes(`${NAME}.json`)) await new Promise(setImmediate);
        cancel.abort(CANCELLED);
        throw cancel.signal.reason;
      },
    }),
  });
  const end = await backUp({ to: [near(), hangs], signal: cancel.signal });
  expect(end).toMatchObject({
    status: 'cancelled',
    message: 'cancelled at stage publish; the archive is proven at a and is kept',
    copies: [
      { destination: 'a', state: 'present' },
      { destination: 'b', state: 'failed', problem: { reason: 'CopyStopped' } },
    ],
  });
  expect(keysIn(b)).toEqual([]);
  expect(b.temporaries.size).toBe(0);
});

it('writes once where two names are one storage, and says so', async () => {
  const same = { ...near(), id: 'same' };
  expect(await backUp({ to: [near(), same] })).toMatchObject({
    ...{ status: 'failed', reason: 'Incomplete' },
    copies: [
      { destination: 'a', state: 'present' },
      { destination: 'same', state: 'failed', problem: { reason: 'DestinationSame' } },
    ],
  });
  expect(keysIn(a)).toEqual(whole);
});

it('deletes nothing beside a manifest that it has not written', async () => {
  const taken = new StageError('publish', 'NameTaken', 'taken', 'look', 'needs-action');
  const to = far({
    async put(name, text) {
      await memoryDestination(b).put(name, text); // of another writer
      throw taken;
    },
  });
  expect(await backUp({ to: [near(), to] })).toMatchObject({
    reason: 'Incomplete',
    copies: [{ state: 'present' }, { state: 'failed', problem: { reason: 'NameTaken' } }],
  });
  expect(keysIn(b)).toEqual(whole);
});

it('takes the defaults where the run names no destination', async () =>
  expect(await backUp({ names: [] })).toMatchObject({ status: 'success', destinations: ['a'] }));

it('finds out a storage that keeps the framing of chunks inside of the object (case B4)', async () => {
  // Its server says that all is well: only reading the first archive back shows what it holds.
  const framed = far({
    async stage(key, body, call) {
      const staged = await memoryDestination(b).stage(key, body, call);
      const framing = Buffer.from('10000;chunk-signature=0\r\n');
      return {
        ...staged,
        confirm: async () => ({ level: 'checksum', by: 'a server that ignores aws-chunked' }),
        async readBack(...asked) {
          const { body: stored, readFrom } = await staged.readBack(...asked);
          const pieces: Buffer[] = [framing];
          for await (const piece of stored) pieces.push(piece as Buffer);
          return { body: Readable.from(pieces, { objectMode: false }), readFrom };
        },
      };
    },
  });
  const history = await openFor(newPath());
  const settings = { history, usual: 'checksum' as const, contentsEvery: 7 };
  const proofPlans: RunWorld['proofPlans'] = (run, all) => proofPlansFor(run, all, settings);
  expect(await backUp({ to: [near(), framed], world: { proofPlans } })).toMatchObject({
    reason: 'Incomplete',
    copies: [{ state: 'present' }, { state: 'awaited', problem: { reason: 'ReadBackDiffers' } }],
  });
  expect(keysIn(b)).toEqual([]);
});
