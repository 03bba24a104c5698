import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Copy, StartDrill } from '../../../api/index.ts';
import { manifestName } from '../../archive/name.ts';
import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { Pod } from '../../cluster/gateway/pods.ts';
import { StageError } from '../../errors.ts';
import { noFence } from '../../fence.ts';
import { sameLimits } from '../../helper/wait/waitLimits.ts';
import type { History, RunChange, RunRecord } from '../../history/history.ts';
import { CANCELLED } from '../../jobs/job.ts';
import { exampleManifest } from '../../testing/archive/exampleManifest.ts';
import { storedChain } from '../../testing/chain/storedChain.ts';
import type { TreeChange } from '../../testing/chain/treeHistory.ts';
import { treeLines } from '../../testing/chain/treeHistory.ts';
import type { MemoryClaims } from '../../testing/cluster/memoryClaims.ts';
import { memoryClaims } from '../../testing/cluster/memoryClaims.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { onePlace } from '../../testing/destinations/onePlace.ts';
import { exampleHelperSettings } from '../../testing/helper/exampleHelperSettings.ts';
import type { ProcessCluster } from '../../testing/helper/processCluster.ts';
import { processCluster } from '../../testing/helper/processCluster.ts';
import { exampleCheck } from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { withDisk } from '../../testing/history/testDisk.ts';
import { checkPod } from './checkPod.ts';
import type { DrillWorld } from './drillJob.ts';
import { drillJob } from './drillJob.ts';
import { scratchSweeper } from './sweepScratch.ts';

let root: string;
let storage = memoryStorage();
let key: string;
let cluster: ProcessCluster;
let claims: MemoryClaims;
let history: History;
let world: DrillWorld;
/** Claims as they were made. */
let made: { name: string; labels: Record<string, string>; annotations: Record<string, string> }[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'nkvm-drill-'));
  const [source, volume] = [join(root, 'source'), join(root, 'volume')];
  mkdirSync(source);
  mkdirSync(volume);
  writeFileSync(join(source, 'orders'), 'orders '.repeat(10_000));
  const archive = execFileSync('tar', [
    '--format=posix',
    '--sparse',
    '-czf',
    '-',
    '-C',
    source,
    '.',
  ]);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const backup = exampleRun({ id: 'b' });
  const manifest = exampleManifest({ runId: 'b', bytes: archive.length, sha256 });
  manifest.seal.files = 2;
  manifest.seal.rawBytes = gunzipSync(archive).length;
  key = manifest.archive;
  storage = memoryStorage();
  const destination = memoryDestination(storage);
  await (await destination.stage(key, Readable.from([archive]))).publish();
  await destination.put(manifestName(key), JSON.stringify(manifest));
  const copy = { ...(backup.copies[0] as Copy), destination: destination.id, key, sha256 };
  ({ history } = await withDisk());
  await history.add([{ ...backup, copies: [{ ...copy, bytes: archive.length }] }]);
  cluster = processCluster(volume);
  claims = memoryClaims();
  made = [];
  const create = claims.create.bind(claims);
  claims.create = async claim => {
    made.push(claim);
    return await create(claim);
  };
  world = {
    ...{ cluster, claims, history, readClaim: claims.readClaim },
    places: onePlace(destination),
    ...{ installation: 'i', helperSettings: exampleHelperSettings },
    ...{ waitLimits: sameLimits(5_000), runTimeoutMs: 60_000, lookMs: 5 },
    inventory: {
      namespace: name => ({ name, uid: exampleRun().namespaceUid ?? '', createdAt: '' }),
      storageClasses: () => [],
    },
    fence: noFence,
    readPodLog: async () => 'all rows are there',
    now: () => new Date('2026-11-26T10:00:00.000Z'),
  };
});
afterEach(async () => {
  await cluster.stop();
  rmSync(root, { recursive: true, force: true });
});

const runOf = (request: StartDrill = {}): RunRecord =>
  exampleCheck('drill', { id: 'd', status: 'running', endedAt: null }, { backup: 'b', request });

async function drill(
  request: StartDrill = {},
  differs: Partial<DrillWorld> = {},
  signal = new AbortController().signal,
  run = runOf(request)
) {
  if (!history.get('d')) await history.add([run]);
  const reported: RunChange[] = [];
  const end = await drillJob({ ...world, ...differs }).work(
    run,
    change => reported.push(change),
    signal
  );
  return { end, reported };
}

/** Lets the check pod end like this as soon as it is created. */
function checkEnds(exitCode: number): Pod[] {
  const checks: Pod[] = [];
  const create = cluster.pods.create.bind(cluster.pods);
  cluster.pods.create = async (namespace, pod, signal) => {
    const created = await create(namespace, pod, signal);
    if (!pod.metadata?.name?.endsWith('-check')) return created;
    checks.push(pod);
    const ended = { name: 'helper', image: '', imageID: '', ready: false, restartCount: 0 };
    created.status = {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ ...ended, state: { terminated: { exitCode } } }],
    };
    return created;
  };
  return checks;
}

const nothingStays = () => {
  expect([...claims.all.keys()]).toEqual([]);
  expect([...cluster.existing.keys()]).toEqual([]);
};

describe('a drill', () => {
  it('restores into a scratch claim, compares, and leaves nothing', async () => {
    const { end, reported } = await drill();
    expect(end).toMatchObject({
      status: 'success',
      message: expect.stringContaining('2 entries match the archive'),
      details: { comparison: { differences: 0 }, scratch: null },
      warnings: [],
    });
    expect(made).toMatchObject([
      { name: 'nkvm-drill-d', annotations: { 'nkvm.io/restoring': 'd' } },
    ]);
    expect(made[0]?.labels).not.toHaveProperty('app');
    expect(reported.some(({ details }) => details?.kind === 'drill' && details.scratch)).toBe(true);
    await history.commit('d', end);
    expect(history.get('b')?.provenRestorableAt).toBe('2026-11-26T10:00:00.000Z');
    nothingStays();
  });

  it('restores an increment with all archives that it needs', async () => {
    const own = join(root, 'chain');
    mkdirSync(own);
    const change = (what: TreeChange['what'], one: number) => ({ what, one, other: one });
    const chain = await storedChain(memoryDestination(storage), own, [
      [change('create', 0), change('create', 1), change('makeDirectory', 2)],
      [change('write', 0), change('create', 5)],
      [change('rename', 1)],
    ]);
    await history.add(chain.runs);
    const backup = chain.runs[2]!.id;
    const run = exampleCheck(
      'drill',
      { id: 'd', status: 'running', endedAt: null },
      { backup, request: {} }
    );
    await history.add([run]);
    const { end } = await drill({}, {}, undefined, run);
    expect(end).toMatchObject({ status: 'success', details: { comparison: { differences: 0 } } });
    expect(treeLines(join(root, 'volume'))).toEqual(chain.points[2]);
    nothingStays();
    storage.archives.delete(chain.runs[1]!.copies[0]!.key);
    expect((await drill({}, {}, undefined, run)).end).toMatchObject({
      status: 'failed',
      reason: 'ChainIncomplete',
    });
  });

  it('fails when the archive is not what it was, and makes no claim', async () => {
    const archive = storage.archives.get(key) as Buffer;
    storage.archives.set(key, Buffer.concat([archive.subarray(0, -1), Buffer.from('x')]));
    expect((await drill()).end).toMatchObject({ status: 'failed', reason: 'ArchiveDiffers' });
    expect(made).toEqual([]);
    nothingStays();
  });

  it('is not made in a namespace that was deleted and created again', async () => {
    const inventory = {
      ...world.inventory,
      namespace: () => ({ name: 'shop', uid: 'another', createdAt: '' }),
    };
    expect((await drill({}, { inventory })).end).toMatchObject({ reason: 'NamespaceNotFound' });
    expect(made).toEqual([]);
  });

  it('is not made in a namespace that admits no helper pod as root, and says what to do', async () => {
    const { end } = await drill({}, { isRestricted: ({ name }) => name === 'shop' });
    expect(end).toMatchObject({
      ...{ status: 'failed', stage: 'create', reason: 'PodSecurity', failureClass: 'needs-action' },
      hint: expect.stringContaining('verify the backup'),
    });
    expect(made).toEqual([]);
    nothingStays();
  });

  it('is not made by a process that has been replaced', async () => {
    const lost = new StageError('create', 'LeaseLost', 'another process writes', 'x', 'transient');
    const fence = {
      ...noFence,
      assertHeld() {
        throw lost;
      },
    };
    expect((await drill({}, { fence })).end).toMatchObject({ reason: 'LeaseLost' });
    expect(made).toEqual([]);
  });

  it('names the volume that stays when its claim is deleted', async () => {
    const readClaim: DrillWorld['readClaim'] = async (...of) => {
      const claim = await claims.readClaim(...of);
      const spec = { volumeName: 'pv-1', storageClassName: 'kept' };
      return claim && { ...claim, spec };
    };
    const storageClasses = () => [
      { name: 'kept', waitsForFirstConsumer: false, retains: true as const },
    ];
    const inventory = { ...world.inventory, storageClasses };
    expect((await drill({}, { readClaim, inventory })).end).toMatchObject({
      status: 'success',
      warnings: [
        'volume pv-1 of the deleted claim shop/nkvm-drill-d still exists with the restored data, because StorageClass kept has reclaimPolicy Retain: delete it with kubectl delete pv pv-1, and its storage',
      ],
    });
    nothingStays();
  });

  it('leaves no claim when its helper does not start', async () => {
    cluster.status = { phase: 'Failed', reason: 'Evicted' };
    expect((await drill()).end.status).toBe('failed');
    expect(made).toHaveLength(1);
    nothingStays();
  });

  it('leaves no claim when it is cancelled', async () => {
    const abort = new AbortController();
    const create = claims.create.bind(claims);
    claims.create = async claim => {
      const there = await create(claim);
      abort.abort(CANCELLED);
      return there;
    };
    expect((await drill({}, {}, abort.signal)).end).toMatchObject({ status: 'cancelled' });
    nothingStays();
  });

  it('says when its claim cannot be deleted', async () => {
    const refused = new ApiFailure('forbidden', { kind: 'refused', class: 'needs-action' });
    claims.remove = () => Promise.reject(refused);
    const { end } = await drill();
    expect(end).toMatchObject({
      status: 'success',
      warnings: [expect.stringContaining('shop/nkvm-drill-d still exists: forbidden')],
      details: { scratch: { name: 'nkvm-drill-d' } },
    });
    expect(claims.all.get('shop/nkvm-drill-d')?.annotations).toHaveProperty(['nkvm.io/incomplete']);
  });

  it('deletes the claim that an attempt before it has left', async () => {
    const annotations = { 'nkvm.io/restoring': 'd', 'nkvm.io/installation': 'i' };
    const left = { namespace: 'shop', name: 'nkvm-drill-d', labels: {}, annotations };
    await claims.create({ ...left, accessModes: [], size: '1Gi' });
    expect((await drill()).end.status).toBe('success');
    nothingStays();
  });
});

describe('a check command', () => {
  const request = { image: 'postgres:17', command: ['pg_verifybackup', '/volume'] };

  it('is run with the restored volume, and its output is kept', async () => {
    const checks = checkEnds(0);
    const { end } = await drill(request);
    expect(end).toMatchObject({
      status: 'success',
      message: expect.stringContaining('the check command found no fault'),
      details: { output: 'all rows are there' },
    });
    expect(checks).toHaveLength(1);
    nothingStays();
  });

  it('fails the drill when it finds fault', async () => {
    checkEnds(3);
    expect((await drill(request)).end).toMatchObject({
      status: 'failed',
      reason: 'DrillCheckFailed',
      message: expect.stringContaining('exit code 3'),
      details: { output: 'all rows are there' },
    });
    nothingStays();
  });

  it('has no right, no token, and the volume read-only', () => {
    const pod = checkPod({
      ...{ runId: 'd', attempt: 1, installation: 'i', namespace: 'shop', claimName: 'c' },
      ...{ image: 'x', command: ['y'], deadlineMs: 60_000 },
    });
    const [container] = pod.spec?.containers ?? [];
    expect(pod.spec).toMatchObject({
      automountServiceAccountToken: false,
      activeDeadlineSeconds: 60,
      volumes: [{ persistentVolumeClaim: { claimName: 'c', readOnly: true } }],
    });
    expect(container).toMatchObject({
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      volumeMounts: [{ mountPath: '/volume', readOnly: true }],
    });
    expect(pod.spec).not.toHaveProperty('hostNetwork');
    expect(container?.securityContext).not.toHaveProperty('runAsUser');
  });

  it('runs as the user of the helpers where that is not root, as Pod Security level restricted demands', async () => {
    const checks = checkEnds(0);
    const helperSettings = { ...world.helperSettings, runAsUser: 1000, runAsGroup: 1001 };
    await drill(request, { helperSettings });
    expect(checks[0]?.spec?.containers[0]?.securityContext).toMatchObject({
      ...{ runAsUser: 1000, runAsGroup: 1001, runAsNonRoot: true },
      capabilities: { drop: ['ALL'] },
    });
  });
});

describe('the sweep of scratch claims', () => {
  const marks = { 'nkvm.io/restoring': 'd', 'nkvm.io/installation': 'i' };
  const sweep = async (
    name: string,
    annotations: Record<string, string>,
    underWay: string[] = []
  ) => {
    const labels = { 'nkvm.io/run': 'd' };
    await claims.create({
      namespace: 'shop',
      name,
      labels,
      annotations,
      accessModes: [],
      size: '1Gi',
    });
    await scratchSweeper({
      ...{ claims, readClaim: claims.readClaim, installation: 'i' },
      inventory: { claims: () => [testClaim({ namespace: 'shop', name, labels })] },
      isUnderWay: id => underWay.includes(id),
      log: { warn: () => undefined },
    })();
    return claims.all.size;
  };

  it.each<[string, number, Parameters<typeof sweep>]>([
    ['deletes one that no drill owns', 0, ['nkvm-drill-d', marks]],
    ['leaves that of a drill under way', 1, ['nkvm-drill-d', marks, ['d']]],
    [
      'leaves that of another installation',
      1,
      ['nkvm-drill-d', { ...marks, 'nkvm.io/installation': 'j' }],
    ],
    ['leaves one without the mark', 1, ['nkvm-drill-d', {}]],
    ['leaves one of another name', 1, ['orders-db', marks]],
  ])('%s', async (_, left, args) => expect(await sweep(...args)).toBe(left));
});
