import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransformCallback } from 'node:stream';
import { PassThrough, pipeline, Transform } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Backup } from '../../api/index.ts';
import { readManifest } from '../archive/manifest.ts';
import { MEMBER_RAW_BYTES } from '../archive/memberBytes.ts';
import type { VerifyLevel } from '../archive/readBack.ts';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import { lane } from '../cluster/gateway/lane.ts';
import type { Pod } from '../cluster/gateway/pods.ts';
import type { Claim } from '../cluster/inventory/inventory.ts';
import type { Destination } from '../destinations/destination.ts';
import { sameLimits } from '../helper/wait/waitLimits.ts';
import type { RunChange } from '../history/history.ts';
import { CANCELLED } from '../jobs/job.ts';
import { apiAnswer } from '../testing/cluster/apiAnswer.ts';
import { testClaim } from '../testing/cluster/testClaim.ts';
import { failing } from '../testing/destinations/failingDestination.ts';
import { fixedPlaces } from '../testing/destinations/fixedPlaces.ts';
import type { MemoryStorage } from '../testing/destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../testing/destinations/memoryDestination.ts';
import { exampleHelperSettings } from '../testing/helper/exampleHelperSettings.ts';
import type { ProcessCluster } from '../testing/helper/processCluster.ts';
import { processCluster } from '../testing/helper/processCluster.ts';
import { exampleCopy } from '../testing/history/exampleCopy.ts';
import type { RunWorld } from './run.ts';
import { runBackup } from './run.ts';

const claim = testClaim();
const run = {
  id: '01run',
  namespace: 'shop',
  name: 'orders-db',
  uid: 'uid-1',
  createdAt: '2026-11-21T10:00:00.000Z',
  priority: 'on-demand',
  destinations: ['memory'],
  attempt: 1,
  retryAt: null,
  queuePosition: null,
  requestedBy: 'system:admin',
} as Backup;

let dir: string;
let storage: MemoryStorage;
let destination: Destination;
let cluster: ProcessCluster;
let world: RunWorld;

/** What a test changes: of one destination, and of one level of proof, where it does not name more. */
type Change = Partial<RunWorld> & { destination?: Destination; proofLevel?: () => VerifyLevel };

const worldWith = ({ destination: only, proofLevel, ...change }: Change): RunWorld => ({
  ...world,
  ...(only && { places: fixedPlaces([only]) }),
  ...(proofLevel && {
    proofPlans: (_, destinations) =>
      destinations.map(() => ({ by: 'reading', level: proofLevel() })),
  }),
  ...change,
});

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-run-'));
  writeFileSync(join(dir, 'orders'), Buffer.alloc(3_000_000, 'order '));
  storage = memoryStorage();
  destination = memoryDestination(storage);
  cluster = processCluster(dir);
  world = {
    cluster,
    readClaim: async () => ({ uid: 'uid-1', labels: {}, annotations: {}, spec: {}, status: {} }),
    places: fixedPlaces([destination]),
    clusterName: 'test',
    identity: { clusterUid: 'cluster-1', installation: 'i', namespaceUidOf: () => 'namespace-1' },
    helperSettings: exampleHelperSettings,
    waitLimits: sameLimits(5000),
    runTimeoutMs: 60_000,
    unpacking: lane(1),
    proofPlans: (_, destinations) => destinations.map(() => ({ by: 'reading', level: 'checksum' })),
    version: '0.0.0',
    now: () => new Date('2026-11-21T10:00:01Z'),
    entriesBefore: () => undefined,
  };
});
afterEach(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
});

const go = (change: Change = {}, signal = new AbortController().signal) =>
  runBackup(run, claim, worldWith(change), () => undefined, signal);

/** A destination that the world sees through one changed method. */
const changed = (change: Partial<Destination>): Change => ({
  destination: { ...destination, ...change },
});

/** A cluster whose archive streams pass through `through` on their way. */
const onTheWay = (through: () => Transform): Change => ({
  cluster: {
    ...cluster,
    exec: async (target, command) => {
      const running = await cluster.exec(target, command);
      const stdout = pipeline(running.stdout, through(), () => undefined);
      return { ...running, stdout };
    },
  },
});

const NAME = 'test__shop__orders-db__20261121T100001Z__01run.tar.gz';
const isIndex = (key: string): boolean => key.endsWith('.index.gz');
const nothingStays = () => {
  expect([...storage.archives.keys()]).toEqual([]);
  expect(storage.temporaries.size).toBe(0);
  expect(cluster.existing.size).toBe(0);
};

/** Whether another user may run Node here: its directory may be closed to all but root. */
const isNodeOpenTo = (uid: number): boolean =>
  process.getuid?.() !== 0 || spawnSync('node', ['--version'], { uid }).status === 0;

const USER = 1000;
describe.skipIf(!isNodeOpenTo(USER))('a helper that is not root', () => {
  const as: RunWorld['readsAs'] = () => ({
    user: USER,
    because: 'pods',
    ids: { runAsUser: USER, runAsGroup: 3000, supplementalGroups: [2000] },
  });
  const locked = (...paths: string[]): void => paths.forEach(path => chmodSync(join(dir, path), 0));
  /** The claim, with annotations. */
  const noted =
    (annotations: Record<string, string>): RunWorld['readClaim'] =>
    async () => ({ uid: 'uid-1', labels: {}, annotations, spec: {}, status: {} });
  let pods: Pod[];
  const goAs = (change: Change = {}) =>
    go({
      cluster: {
        ...cluster,
        pods: {
          ...cluster.pods,
          create: async (namespace, pod) => (pods.push(pod), cluster.pods.create(namespace, pod)),
        },
      },
      readsAs: as,
      ...change,
    });

  beforeEach(() => {
    pods = [];
    chmodSync(dir, 0o755);
    cluster = processCluster(dir, USER);
    for (const path of ['secret', 'lost+found', 'deep/closed'])
      mkdirSync(join(dir, path), { recursive: true });
    writeFileSync(join(dir, 'deep/closed/x'), 'x');
    writeFileSync(join(dir, 'two\nlines\u202e'), 'x');
  });

  it('is admitted by Pod Security level restricted, and backs up what it can read', async () => {
    expect(await goAs()).toMatchObject({ status: 'success', tarMessages: [], warnings: [] });
    expect(pods[0]?.spec).toMatchObject({
      securityContext: { supplementalGroups: [2000], seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          securityContext: {
            ...{ runAsUser: USER, runAsGroup: 3000, runAsNonRoot: true },
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    });
    expect(pods[0]?.spec?.securityContext).not.toHaveProperty('fsGroup');
  });

  it('says before anything is packed what it cannot read, and names it only in messages', async () => {
    locked('orders', 'two\nlines\u202e', 'deep/closed');
    const end = await goAs();
    expect(end).toMatchObject({
      ...{ status: 'failed', stage: 'exec', reason: 'NotReadable', failureClass: 'needs-action' },
      message: expect.stringMatching(
        /^3 entries of claim shop\/orders-db cannot be read as user 1000 .*: nothing was packed$/
      ),
      hint: expect.stringContaining(
        'kubectl label --overwrite namespace shop pod-security.kubernetes.io/enforce=baseline'
      ),
      warningCount: 3,
    });
    expect([...(end.tarMessages ?? [])].sort()).toEqual([
      'nkvm: ./deep/closed: cannot be read as user 1000',
      'nkvm: ./orders: cannot be read as user 1000',
      'nkvm: ./two\\u{a}lines\\u{202e}: cannot be read as user 1000',
    ]);
    expect(`${end.message} ${end.hint}`).not.toMatch(/\.\/|closed/);
    nothingStays();
  });

  it('need not read what is left out', async () => {
    locked('secret', 'lost+found', 'deep/closed');
    const readClaim = noted({ 'nkvm.io/exclude': './secret\nclosed' });
    expect(await goAs({ readClaim })).toMatchObject({ status: 'success' });
    expect(await goAs({ readClaim: noted({ 'nkvm.io/exclude': './secret' }) })).toMatchObject({
      reason: 'NotReadable',
      message: expect.stringMatching(/^an entry of claim/),
    });
  });

  it('does not look for more than a thousand', async () => {
    for (let at = 0; at < 1_001; at++) writeFileSync(join(dir, `secret/${at}`), '', { mode: 0 });
    const end = await goAs();
    expect(end.message).toMatch(/^at least 1000 entries of claim/);
    expect(end.tarMessages).toHaveLength(20);
  });

  it('fails all the same where it cannot tell before', async () => {
    locked('orders');
    const blind: Change = {
      cluster: {
        ...cluster,
        exec: async (target, command, options) =>
          await cluster.exec(
            target,
            command.includes('nkvm-unreadable') ? ['false'] : command,
            options
          ),
      },
    };
    expect(await goAs(blind)).toMatchObject({ status: 'failed', reason: 'TarFailed' });
    nothingStays();
  });
});

describe('a backup that goes well', () => {
  it.each(['checksum', 'contents'] as const)('is proven to the level %s', async level => {
    const end = await go({ proofLevel: () => level });
    const stored = storage.archives.get(NAME) ?? Buffer.alloc(0);
    const sha256 = createHash('sha256').update(stored).digest('hex');
    expect(end).toMatchObject({
      status: 'success',
      bytes: stored.length,
      sha256,
      warnings: [],
      seal: { sha256, files: 2, tarExit: 0 },
    });
    const manifest = storage.archives.get(`${NAME}.json`)?.toString() ?? '';
    expect(readManifest(NAME, manifest)).toMatchObject({
      runId: '01run',
      pvc: 'orders-db',
      sha256,
      clusterUid: 'cluster-1',
      installation: 'i',
      namespaceUid: 'namespace-1',
      capacityBytes: claim.capacityBytes,
      provenAt: '2026-11-21T10:00:01.000Z',
      proof: { level: level, readFrom: 'cache' },
    });
    expect(end.copies).toEqual([
      exampleCopy({
        key: NAME,
        bytes: stored.length,
        sha256,
        provenAt: '2026-11-21T10:00:01.000Z',
        proof: { level: level, readFrom: 'cache' },
      }),
    ]);
    expect(cluster.existing.size).toBe(0);
    expect(storage.temporaries.size).toBe(0);
  });

  it('stores the index beside the archive, and what a restore needs in the manifest', async () => {
    writeFileSync(join(dir, 'noise'), randomBytes(100_000));
    await go({
      readClaim: async () => ({
        ...{ uid: 'uid-1', labels: {}, annotations: {} },
        spec: { storageClassName: 'fast', accessModes: ['ReadWriteOnce'] },
        status: { phase: 'Bound', capacity: { storage: '1Gi' } },
      }),
    });
    const archive = storage.archives.get(NAME) ?? Buffer.alloc(0);
    const index = storage.archives.get(`${NAME}.index.gz`) ?? Buffer.alloc(0);
    const [head = '', ...lines] = gunzipSync(index).toString().trimEnd().split('\n');
    const members = [archive.length];
    expect(JSON.parse(head)).toEqual({
      formatVersion: 1,
      archive: NAME,
      bytes: archive.length,
      sha256: createHash('sha256').update(archive).digest('hex'),
      rawBytes: gunzipSync(archive).length,
      entries: 3,
      lines: 'tar-R-vv',
      memberRawBytes: 67_108_864,
      members,
    });
    expect(lines).toHaveLength(3);
    const manifest = storage.archives.get(`${NAME}.json`)?.toString() ?? '';
    expect(readManifest(NAME, manifest)).toMatchObject({
      formatVersion: 5,
      claim: { status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
      storageClass: 'fast',
      accessModes: ['ReadWriteOnce'],
      filesystem: expect.stringMatching(/^\w+/),
      members: {
        count: 1,
        rawBytes: 67_108_864,
        sha256: createHash('sha256').update(members.join()).digest('hex'),
      },
      index: {
        key: `${NAME}.index.gz`,
        bytes: index.length,
        sha256: createHash('sha256').update(index).digest('hex'),
        entries: 3,
      },
    });
    const { usedBytes } = JSON.parse(manifest);
    expect(usedBytes).toBeGreaterThan(3_100_000);
    expect(usedBytes).toBeLessThan(3_200_000);
  });

  it('takes the place of an index that a killed attempt has left, whose archive has no name', async () => {
    storage.archives.set(`${NAME}.index.gz`, Buffer.from('of another archive'));
    expect(await go()).toMatchObject({ status: 'success', warnings: [] });
    const manifest = readManifest(NAME, storage.archives.get(`${NAME}.json`)?.toString() ?? '');
    const index = storage.archives.get(`${NAME}.index.gz`) ?? Buffer.alloc(0);
    expect(manifest.index?.sha256).toBe(createHash('sha256').update(index).digest('hex'));
  });

  /** The cluster, where the index is too big to come with the seal. */
  const besideTheSeal = (): ProcessCluster => ({
    ...cluster,
    async execToEnd(...call) {
      const { stdout, ...answer } = await cluster.execToEnd(...call);
      return { ...answer, stdout: stdout.replace(/^.*\n/, '\n') };
    },
  });

  it.each<[string, () => Change]>([
    [
      'cannot be fetched',
      () => ({
        cluster: {
          ...besideTheSeal(),
          exec: async (target, command, options) => {
            if (command[0] === 'cat') throw new Error('connection refused');
            return await cluster.exec(target, command, options);
          },
        },
      }),
    ],
    [
      'arrives in part',
      () => ({
        cluster: {
          ...besideTheSeal(),
          exec: async (target, command, options) =>
            await cluster.exec(
              target,
              command[0] === 'cat' ? command.slice(0, 2) : command,
              options
            ),
        },
      }),
    ],
    [
      'breaks off',
      () => ({
        cluster: {
          ...besideTheSeal(),
          exec: async (target, command, options) => {
            const running = await cluster.exec(target, command, options);
            if (command[0] !== 'cat') return running;
            const broken = after(0, (_chunk, done) => done(new Error('reset by peer')));
            return { ...running, stdout: pipeline(running.stdout, broken, () => undefined) };
          },
        },
      }),
    ],
    [
      'cannot be stored',
      () =>
        changed({
          stage: async (key, ...call) =>
            await (isIndex(key) ? failing(destination, 'stage') : destination).stage(key, ...call),
        }),
    ],
    [
      'cannot get its name',
      () =>
        changed({
          stage: async (key, ...call) =>
            await (isIndex(key) ? failing(destination, 'publish') : destination).stage(
              key,
              ...call
            ),
        }),
    ],
  ])('is a success with a warning when the index %s', async (_, change) => {
    const end = await go(change());
    const warning = expect.stringMatching(/^the archive has no index, so browsing it .*: \w/);
    expect(end).toMatchObject({ status: 'success', warnings: [warning] });
    expect([...storage.archives.keys()]).toEqual([NAME, `${NAME}.json`]);
    expect(storage.temporaries.size).toBe(0);
    const manifest = storage.archives.get(`${NAME}.json`)?.toString() ?? '';
    expect(readManifest(NAME, manifest)).toMatchObject({ index: null, warnings: [warning] });
  });

  describe('whose claim leaves out something', () => {
    const annotations = { 'nkvm.io/exclude': 'cache\n*.log\n' };
    const claimed = (own: Record<string, string>): Change => ({
      readClaim: async () => ({ uid: 'uid-1', labels: {}, annotations: own, spec: {}, status: {} }),
    });
    const stored = () => {
      const list = ['-tzf', '-'];
      const input = storage.archives.get(NAME) ?? Buffer.alloc(0);
      return spawnSync('tar', list, { input, encoding: 'utf8' }).stdout.split('\n').sort().slice(1);
    };
    beforeEach(() => {
      mkdirSync(join(dir, 'cache'));
      for (const name of ['cache/a', 'x.log']) writeFileSync(join(dir, name), '');
    });

    it('does not pack it, and records the patterns', async () => {
      const end = await go(claimed(annotations));
      expect(end).toMatchObject({
        status: 'success',
        warnings: [],
        seal: { patterns: ['cache', '*.log'], omitted: { excluded: 2 } },
      });
      expect(stored()).toEqual(['./', './orders']);
      const manifest = storage.archives.get(`${NAME}.json`)?.toString() ?? '';
      expect(readManifest(NAME, manifest).seal).toMatchObject({ patterns: ['cache', '*.log'] });
    });

    it('packs it before a restore, which may change it', async () => {
      const safety = { ...run, priority: 'restore' } as Backup;
      const world = worldWith(claimed(annotations));
      const { signal } = new AbortController();
      const end = await runBackup(safety, claim, world, () => undefined, signal);
      expect(end).toMatchObject({ status: 'success' });
      expect(stored()).toEqual(['./', './cache/', './cache/a', './orders', './x.log']);
    });

    it('packs nothing at all when the claim’s wish is not clear', async () => {
      const end = await go(claimed({ 'nkvm.io/exclude': '/cache' }));
      expect(end).toMatchObject({
        ...{ status: 'failed', reason: 'ExcludeInvalid', failureClass: 'needs-action' },
        message: expect.stringContaining('line 1 of nkvm.io/exclude begins with /'),
      });
      nothingStays();
    });
  });

  it('goes through its stages in their order', async () => {
    expect((await go()).stages?.map(({ stage }) => stage)).toEqual([
      'create',
      'wait',
      'exec',
      'copy',
      'checksum',
      'publish',
      'cleanup',
    ]);
  });

  it('survives that its helper cannot be deleted while the copy is still read back', async () => {
    const stage: Destination['stage'] = async (...call) => {
      const staged = await destination.stage(...call);
      return {
        ...staged,
        async readBack(...asked) {
          await new Promise(resolve => setTimeout(resolve, 100)); // an unhandled rejection would end NKVM
          return await staged.readBack(...asked);
        },
      };
    };
    const remove = () => Promise.reject(apiAnswer(403, 'not allowed'));
    const pods = { ...cluster.pods, remove };
    expect(await go({ ...changed({ stage }), cluster: { ...cluster, pods } })).toMatchObject({
      status: 'success',
      warnings: [expect.stringMatching(/could not be deleted: not allowed/)],
    });
  });

  it('is a failure, and not an exception, when the history cannot say how to prove it', async () => {
    const proofLevel = () => {
      throw new Error('the history is closed');
    };
    expect(await go({ proofLevel })).toMatchObject({ status: 'failed', reason: 'Unexpected' });
    nothingStays();
  });

  it('keeps a warning when its helper cannot be deleted', async () => {
    const { pods } = cluster;
    const stuck = async () => {
      throw new ApiFailure('not allowed', { kind: 'refused', class: 'needs-action', status: 403 });
    };
    const end = await go({ cluster: { ...cluster, pods: { ...pods, remove: stuck } } });
    expect(end).toMatchObject({
      status: 'success',
      warnings: [expect.stringMatching(/could not be deleted: not allowed/)],
    });
  });
});

/** Passes on what comes, until `bytes` have come; then does what `then` says with each chunk. */
const after = (
  bytes: number,
  then: (this: Transform, chunk: Buffer, done: TransformCallback) => void
) => {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > bytes) then.call(this, chunk, done);
      else done(null, chunk);
    },
  });
};

/** Passes on the first gzip member of what comes. */
function onlyFirstMember(): Transform {
  const seen: Buffer[] = [];
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen.push(chunk);
      done();
    },
    flush(done) {
      const archive = Buffer.concat(seen);
      const second = archive.indexOf(archive.subarray(0, 4), 1); // 1f 8b 08 00
      expect(gunzipSync(archive.subarray(0, second))).toHaveLength(MEMBER_RAW_BYTES);
      done(null, archive.subarray(0, second));
    },
  });
}

describe('a backup that goes wrong', () => {
  it.each<[string, () => Change, string, string]>([
    [
      'the stream breaks off',
      () => onTheWay(() => after(1000, (_chunk, done) => done(new Error('reset by peer')))),
      'copy',
      'StreamBroke',
    ],
    [
      'the stream is cut and looks like a clean end',
      () => onTheWay(() => after(1000, (_chunk, done) => done())),
      'checksum',
      'DigestDiffers',
    ],
    [
      // It is a whole .tar.gz then, for gzip.
      'the stream is cut at the end of a member',
      () => {
        writeFileSync(join(dir, 'second-member'), Buffer.alloc(70_000_000));
        return onTheWay(() => onlyFirstMember());
      },
      'checksum',
      'DigestDiffers',
    ],
    [
      'one byte changes on the way',
      () =>
        onTheWay(() =>
          after(0, (chunk, done) => {
            const other = Buffer.from(chunk);
            other[other.length - 1] = (other[other.length - 1] ?? 0) ^ 1;
            done(null, other);
          })
        ),
      'checksum',
      'DigestDiffers',
    ],
    [
      'the seal is missing',
      () => ({
        cluster: {
          ...cluster,
          execToEnd: async () => ({ exitCode: 1, stdout: '', stderr: 'No such file' }),
        },
      }),
      'checksum',
      'SealMissing',
    ],
    [
      'the connection for the seal breaks',
      () => ({
        cluster: {
          ...cluster,
          execToEnd: async () => {
            throw new Error('connection refused');
          },
        },
      }),
      'checksum',
      'SealMissing',
    ],
    [
      'the volume is gone',
      () => {
        const gone = processCluster('/nonexistent');
        onTestFinished(() => gone.stop());
        return { cluster: { ...gone, pods: cluster.pods } };
      },
      'exec',
      'TarFailed',
    ],
    [
      'storing fails',
      () => ({ destination: failing(destination, 'stage') }),
      'copy',
      'InjectedFault',
    ],
    [
      'publishing fails',
      () => ({ destination: failing(destination, 'publish') }),
      'publish',
      'InjectedFault',
    ],
    [
      'the archive cannot have its name, though its index has',
      () =>
        changed({
          stage: async (key, ...call) =>
            await (isIndex(key) ? destination : failing(destination, 'publish')).stage(
              key,
              ...call
            ),
        }),
      'publish',
      'InjectedFault',
    ],
    [
      'reading back fails',
      () => ({ destination: failing(destination, 'readBack') }),
      'checksum',
      'InjectedFault',
    ],
    [
      'the manifest cannot be written',
      () => ({ destination: failing(destination, 'put') }),
      'publish',
      'InjectedFault',
    ],
    [
      'the storage gives back other bytes',
      () =>
        changed({
          stage: async (key, body, call) => ({
            ...(await destination.stage(key, body, call)),
            readBack: async () => {
              const other = new PassThrough();
              other.end('something else');
              return { body: other, readFrom: () => 'storage' };
            },
          }),
        }),
      'checksum',
      'ReadBackDiffers',
    ],
    [
      'the claim was made again',
      () => ({
        readClaim: async () => ({
          uid: 'uid-2',
          labels: {},
          annotations: {},
          spec: {},
          status: {},
        }),
      }),
      'create',
      'ClaimNotFound',
    ],
    [
      'the API server refuses the helper',
      () => ({
        cluster: {
          ...cluster,
          pods: {
            ...cluster.pods,
            create: async () => {
              throw new ApiFailure(
                'pods is forbidden: User "x" cannot create resource "pods" in API group "" in the namespace "shop"',
                { kind: 'refused', class: 'needs-action', status: 403, reason: 'Forbidden' }
              );
            },
          },
        },
      }),
      'create',
      'NamespaceNotOpen',
    ],
    [
      'Pod Security refuses the helper',
      () => ({
        cluster: {
          ...cluster,
          pods: {
            ...cluster.pods,
            create: async () => {
              const message =
                'pods "x" is forbidden: violates PodSecurity "restricted:latest": capabilities';
              throw new ApiFailure(message, {
                kind: 'refused',
                class: 'needs-action',
                status: 403,
              });
            },
          },
        },
      }),
      'create',
      'PodSecurity',
    ],
    [
      'the helper is evicted before it runs',
      () => {
        cluster.status = { phase: 'Failed', reason: 'Evicted', message: 'low on memory' };
        return {};
      },
      'wait',
      'HelperEvicted',
    ],
    [
      'the helper never becomes ready',
      () => {
        cluster.status = { phase: 'Pending' };
        return { waitLimits: sameLimits(1) };
      },
      'wait',
      'HelperNotReady',
    ],
    ['the run takes too long', () => ({ runTimeoutMs: 1 }), 'create', 'RunTimedOut'],
  ])('fails when %s, and leaves nothing', async (_, change, stage, reason) => {
    const end = await go(change());
    expect(end).toMatchObject({
      status: 'failed',
      reason,
      message: expect.stringMatching(/./),
      hint: expect.stringMatching(/./),
      copies: [],
    });
    if (reason !== 'RunTimedOut') expect(end.stage).toBe(stage);
    nothingStays();
  });

  it('tells what became of a helper whose stream broke', async () => {
    const end = await go(
      onTheWay(() =>
        after(1000, (_chunk, done) => {
          for (const pod of cluster.existing.values()) {
            pod.status = { phase: 'Failed', reason: 'Evicted', message: 'low on memory' };
          }
          done(new Error('connection ended without an exit status'));
        })
      )
    );
    expect(end).toMatchObject({ status: 'failed', reason: 'HelperEvicted' });
    nothingStays();
  });

  it('keeps tar’s messages apart from everything that more people may read', async () => {
    rmSync(dir, { recursive: true });
    const end = await go();
    expect(end).toMatchObject({
      reason: 'TarFailed',
      message: 'tar ended with exit code 2: 1 entry could not be read completely',
      helper: { pod: 'nkvm-backup-01run-1' },
      tarMessages: [expect.stringMatching(/^tar: .*No such file or directory/)],
      warningCount: 1,
    });
    expect(JSON.stringify([end.warnings, end.hint, end.helper])).not.toContain(dir);
  });

  it('keeps the last output of its helper in the record', async () => {
    cluster.status = {
      phase: 'Failed',
      reason: 'Evicted',
      message: 'low on memory',
    };
    expect((await go()).helper?.lastWords).toBe('pod: Failed: Evicted: low on memory');
  });

  it.each([
    ['created again', { uid: 'uid-2', labels: {}, annotations: {}, spec: {}, status: {} }],
    ['deleted', undefined],
  ])('fails when its claim is %s while the helper waits for a node', async (_, later) => {
    let looks = 0;
    const readClaim: RunWorld['readClaim'] = async (...claimName) =>
      (looks += 1) === 1 ? await world.readClaim(...claimName) : later;
    expect(await go({ readClaim })).toMatchObject({
      status: 'failed',
      stage: 'wait',
      reason: 'ClaimNotFound',
      failureClass: 'needs-action',
    });
    expect(looks).toBe(2);
    nothingStays();
  });

  it('fails when another pod takes the place of its helper while it works', async () => {
    const replaced: Change = {
      cluster: {
        ...cluster,
        execToEnd: async (...call) => {
          for (const pod of cluster.existing.values()) pod.metadata = { ...pod.metadata, uid: 'x' };
          return await cluster.execToEnd(...call);
        },
      },
    };
    expect(await go(replaced)).toMatchObject({
      status: 'failed',
      stage: 'checksum',
      reason: 'HelperGone',
      failureClass: 'transient',
    });
    expect([...storage.archives.keys()]).toEqual([]);
  });

  it('passes on how long the API server asked to be left alone', async () => {
    const readClaim = async () => {
      throw new ApiFailure('too many requests', {
        kind: 'busy',
        class: 'transient',
        status: 429,
        retryAfterMs: 7000,
      });
    };
    expect(await go({ readClaim })).toMatchObject({
      stage: 'create',
      reason: 'ApiUnreachable',
      failureClass: 'transient',
      retryAfterMs: 7000,
    });
  });

  it('deletes archive and manifest when writing the manifest fails after it worked', async () => {
    const put: Destination['put'] = async (key, text) => {
      await destination.put(key, text);
      throw new Error('the answer was lost');
    };
    expect(await go(changed({ put }))).toMatchObject({ status: 'failed', stage: 'publish' });
    nothingStays();
  });

  it('gives an archive its name only after it was read back', async () => {
    let seen: string[] | undefined;
    await go(
      changed({
        stage: async (key, body, call) => {
          const staged = await destination.stage(key, body, call);
          return {
            ...staged,
            readBack: async () => {
              seen = [...storage.archives.keys()];
              return staged.readBack();
            },
          };
        },
      })
    );
    expect(seen).toEqual([]);
    expect([...storage.archives.keys()]).toEqual([`${NAME}.index.gz`, NAME, `${NAME}.json`]);
  });

  it('says where an archive without a manifest stays that could not be deleted', async () => {
    const end = await go({ destination: failing(failing(destination, 'put'), 'remove') });
    expect(end.warnings?.join()).toMatch(/01run.tar.gz has no manifest and could not be deleted/);
  });
});

describe('a backup that is cancelled', () => {
  it('at stage create does not wait for an API server that hangs, and leaves no pod later', async () => {
    const cancel = new AbortController();
    const answer = Promise.withResolvers<void>();
    const pods: typeof cluster.pods = {
      ...cluster.pods,
      async create(namespace, pod) {
        const created = await cluster.pods.create(namespace, pod);
        cancel.abort(CANCELLED);
        await answer.promise;
        return created;
      },
    };
    const end = await go({ cluster: { ...cluster, pods } }, cancel.signal);
    expect(end).toMatchObject({ status: 'cancelled', stage: 'create' });
    answer.resolve();
    await vi.waitUntil(() => cluster.existing.size === 0);
  });

  it.each(['create', 'wait', 'exec', 'copy', 'checksum', 'publish'] as const)(
    'at stage %s leaves nothing',
    async at => {
      const abort = new AbortController();
      const end = await runBackup(
        run,
        claim,
        world,
        ({ stage }: RunChange) => stage === at && abort.abort(CANCELLED),
        abort.signal
      );
      expect(end).toMatchObject({ status: 'cancelled', copies: [] });
      nothingStays();
    }
  );

  it('at stage exec ends a command that starts after all', async () => {
    const cancel = new AbortController();
    const starts = Promise.withResolvers<void>();
    const body = new PassThrough();
    const exec: typeof cluster.exec = async (...call) => {
      const running = await cluster.exec(...call);
      cancel.abort(CANCELLED);
      await starts.promise;
      return { ...running, stdout: running.stdout.pipe(body) };
    };
    const end = await go({ cluster: { ...cluster, exec } }, cancel.signal);
    expect(end).toMatchObject({ status: 'cancelled', stage: 'exec' });
    starts.resolve();
    await vi.waitUntil(() => body.destroyed);
    nothingStays();
  });

  it('is cancelled while its helper waits for a node', async () => {
    cluster.status = { phase: 'Pending' };
    const abort = new AbortController();
    setTimeout(() => abort.abort(CANCELLED), 100);
    expect(await go({}, abort.signal)).toMatchObject({ status: 'cancelled' });
    nothingStays();
  });
});

it('unpacks one copy at a time: more at once take memory and are no faster', async () => {
  let reading = 0;
  let most = 0;
  const stage: Destination['stage'] = async (...call) => {
    const staged = await destination.stage(...call);
    return {
      ...staged,
      async readBack(...asked) {
        most = Math.max(most, (reading += 1));
        await new Promise(resolve => setTimeout(resolve, 300)); // long enough for the others
        const stored = await staged.readBack(...asked);
        stored.body.once('close', () => (reading -= 1));
        return stored;
      },
    };
  };
  const changes = { ...changed({ stage }), proofLevel: () => 'contents' as const };
  const { signal } = new AbortController();
  const ends = await Promise.all(
    ['01a', '01b', '01c'].map(async id => {
      const own = processCluster(dir);
      onTestFinished(() => own.stop());
      const all = worldWith({ ...changes, cluster: own });
      return await runBackup({ ...run, id }, claim, all, () => undefined, signal);
    })
  );
  expect(ends.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
  expect(most).toBe(1);
});

describe('a pod that needs the volume comes first', () => {
  const starting = { name: 'orders-0', phase: 'Pending', node: 'node-b' };
  /** The pod appears when the first byte has come; the stream goes on only when the run is over. */
  const wantedInMidStream = (pods: Claim['pods']): Change => {
    let now = claim;
    return {
      claimNow: () => now,
      ...onTheWay(
        () =>
          new Transform({
            transform(chunk, _, done) {
              if (now === claim) {
                now = { ...claim, pods };
                this.push(chunk);
              }
              setTimeout(done, 50);
            },
          })
      ),
    };
  };

  it('makes way in mid-stream, leaves nothing, and is to be tried again', async () => {
    writeFileSync(join(dir, 'more'), randomBytes(20_000_000));
    const end = await go(wantedInMidStream([starting]));
    expect(end).toMatchObject({
      ...{ status: 'failed', stage: 'copy', reason: 'VolumeWanted', failureClass: 'transient' },
      message: expect.stringContaining('is needed by a pod that is starting on another node'),
      deferred: { pod: 'orders-0' },
      copies: [],
    });
    nothingStays();
  });

  it('goes on where the pod starts on its node', async () => {
    const end = await go(wantedInMidStream([{ ...starting, node: 'node-a' }]));
    expect(end.reason).not.toBe('VolumeWanted');
  });

  it('waits for a ReadWriteOncePod claim that a pod took after the run was asked for', async () => {
    const used = { ...claim, accessModes: ['ReadWriteOncePod'], pods: [starting] };
    const signal = new AbortController().signal;
    const end = await runBackup(run, used, world, () => undefined, signal);
    expect(end).toMatchObject({ stage: 'create', reason: 'ClaimInUse', deferred: {} });
    nothingStays();
  });

  it('waits for the only node of the volume while that is not ready, and makes no pod', async () => {
    const terms = [{ matchExpressions: [{ key: 'host', operator: 'In', values: ['a'] }] }];
    const local = { ...claim, node: 'a', nodeSelectorTerms: terms };
    const nodes = () => [{ name: 'a', labels: {}, unschedulable: false, ready: false }];
    const there = { ...world, cluster: { ...cluster, nodes } };
    const signal = new AbortController().signal;
    expect(await runBackup(run, local, there, () => undefined, signal)).toMatchObject({
      ...{ stage: 'create', reason: 'NodeNotReady', deferred: {} },
      message: 'claim shop/orders-db can be read only on node a now: it is not ready',
    });
    nothingStays();
  });
});
