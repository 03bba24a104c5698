import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manifestName } from '../archive/name.ts';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import type { ClaimPod } from '../cluster/inventory/inventory.ts';
import type { Destination } from '../destinations/destination.ts';
import { noFence } from '../fence.ts';
import { sameLimits } from '../helper/wait/waitLimits.ts';
import type { RunChange, RunRecord } from '../history/history.ts';
import type { RestoreDetails } from '../history/queries/details.ts';
import type { JobEnd } from '../jobs/job.ts';
import { CANCELLED } from '../jobs/job.ts';
import { exampleManifest } from '../testing/archive/exampleManifest.ts';
import type { MemoryClaims } from '../testing/cluster/memoryClaims.ts';
import { memoryClaims } from '../testing/cluster/memoryClaims.ts';
import { testClaim } from '../testing/cluster/testClaim.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import { onePlace } from '../testing/destinations/onePlace.ts';
import { exampleHelperSettings } from '../testing/helper/exampleHelperSettings.ts';
import type { ProcessCluster } from '../testing/helper/processCluster.ts';
import { processCluster } from '../testing/helper/processCluster.ts';
import { breakingWay, misled, portOf, testListener } from '../testing/helper/pushWorld.ts';
import { exampleCopy } from '../testing/history/exampleCopy.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import type { RestoreWorld } from './attempt.ts';
import { restoreJob } from './restoreJob.ts';
import { runRestore } from './run.ts';
import type { Ended } from './scale/partHolder.ts';
import type { Scaler } from './scale/scaler.ts';

let root: string;
let volume: string;
let archive: Buffer;
let destination: Destination;
let cluster: ProcessCluster;
let claims: MemoryClaims;
let pods: ClaimPod[];
let world: RestoreWorld;
let run: RunRecord & { details: RestoreDetails };
const backup = exampleRun();

/** Packs a directory as a backup does, and stores it with its manifest. */
async function store(source: string): Promise<void> {
  archive = execFileSync('tar', ['--format=posix', '--sparse', '-czf', '-', '-C', source, '.']);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const files = execFileSync('tar', ['-tz'], { input: archive }).toString().split('\n').length - 1;
  const manifest = exampleManifest({ runId: backup.id, bytes: archive.length, sha256 });
  manifest.seal.files = files;
  manifest.seal.rawBytes = gunzipSync(archive).length;
  const key = manifest.archive;
  await (await destination.stage(key, Readable.from([archive]))).publish();
  await destination.put(manifestName(key), JSON.stringify(manifest));
  backup.copies = [
    exampleCopy({ destination: destination.id, key, bytes: archive.length, sha256 }),
  ];
  run = {
    ...exampleRun({ id: '01restore' }),
    kind: 'restore',
    uid: '',
    copies: [],
    details: {
      kind: 'restore',
      ...{ backup: backup.id, archive: key, destination: destination.id },
      source: {
        namespace: 'shop',
        name: 'orders-db',
        uid: null,
        namespaceUid: null,
        createdAt: null,
      },
      target: { namespace: 'shop', name: 'orders-db', mode: 'new' },
      ...{ paths: null, scale: false, safetyBackup: false, safetyBackupId: null, undoOf: null },
      ...{ steps: [], comparison: null, totalBytes: null, createdUid: null },
      hasBegunToWrite: false,
    },
  };
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'nkvm-restore-'));
  const source = join(root, 'source');
  volume = join(root, 'volume');
  mkdirSync(join(source, 'sub'), { recursive: true });
  mkdirSync(volume);
  writeFileSync(join(source, 'sub/orders'), Buffer.alloc(300_000, 'order '));
  writeFileSync(join(source, 'readme'), 'hello');
  destination = memoryDestination();
  cluster = processCluster(volume);
  claims = memoryClaims();
  pods = [];
  await store(source);
  const runs = new Map<string, RunRecord>([
    [backup.id, backup],
    [run.id, run],
  ]);
  world = {
    cluster,
    readClaim: claims.readClaim,
    claims,
    places: onePlace(destination),
    fence: noFence,
    installation: 'i',
    helperSettings: exampleHelperSettings,
    waitLimits: sameLimits(5_000),
    runTimeoutMs: 60_000,
    history: {
      get: id => runs.get(id),
      async commit(id, change) {
        runs.set(id, { ...(runs.get(id) as RunRecord), ...change });
      },
    },
    inventory: {
      claim(namespace, name) {
        const there = claims.all.get(`${namespace}/${name}`);
        return there && testClaim({ namespace, name, uid: there.uid, pods });
      },
      namespace: name => ({ name, uid: exampleRun().namespaceUid ?? '', createdAt: '' }),
      podsOf: () => pods,
      storageClasses: () => [],
    },
    readUsers: async () => pods,
    scaler: {
      workloadsOf: async () => [],
      scaleDown: async () => {
        throw new Error('not asked for');
      },
      scaleUp: async () => ({ message: '', notes: [], held: [], left: [] }),
      recover: async () => undefined,
      problems: () => [],
    },
    selectEntries: async () => {
      throw new Error('not asked for');
    },
    takeSafetyBackup: async () => 'safety-1',
    now: () => new Date(),
  };
});
afterEach(async () => {
  await cluster.stop();
  rmSync(root, { recursive: true, force: true });
});

/** A destination that gives these bytes for the archive, each time when it is opened; at last always the last ones. */
const giving = (...bodies: (() => Readable)[]): Partial<RestoreWorld> => ({
  places: onePlace({
    ...destination,
    async open(key, call) {
      if (key !== run.details.archive) return await destination.open(key, call);
      const body = bodies.length > 1 ? bodies.shift() : bodies[0];
      return body?.() ?? Readable.from([]);
    },
  }),
});
const whole = () => Readable.from([archive]);
const breaking = () =>
  Readable.from(
    (async function* () {
      yield archive.subarray(0, 100);
      throw new Error('the disk is gone');
    })()
  );

/** Makes the claim that is restored into, with a file in it. */
async function into(mode: 'empty' | 'overwrite' | 'mirror', more: Partial<RestoreDetails> = {}) {
  const made = await claims.create({
    ...{ namespace: 'shop', name: 'orders-db', labels: {}, annotations: {} },
    ...{ accessModes: [], size: '1Gi' },
  });
  run.uid = made.uid;
  run.details = { ...run.details, ...more, target: { ...run.details.target, mode } };
}
const put = (name: string, text: string) => writeFileSync(join(volume, name), text);
const names = () => readdirSync(volume).sort();

const go = (
  change: Partial<RestoreWorld> = {},
  {
    signal = new AbortController().signal,
    report = () => undefined,
  }: { signal?: AbortSignal; report?(change: RunChange): void } = {}
): Promise<JobEnd> => runRestore(run, { ...world, ...change }, report, signal);

const detailsOf = (end: JobEnd) => end.details as RestoreDetails;
const stateOf = (end: JobEnd) => detailsOf(end).steps.map(({ step, state }) => `${step} ${state}`);
const isRestored = () =>
  execFileSync('diff', ['-r', join(root, 'source'), volume], { encoding: 'utf8' });

describe('a restore into a new claim', () => {
  it('is a success when the volume is as the archive, and then the claim has no mark', async () => {
    const end = await go();
    expect(end).toMatchObject({ status: 'success', message: 'restored', warnings: [] });
    expect(stateOf(end)).toEqual([
      'check-archive done',
      'create-claim done',
      'write done',
      'compare done',
    ]);
    expect(detailsOf(end).comparison).toMatchObject({ differences: 0, leftOver: 0 });
    expect(isRestored()).toBe('');
    const made = claims.all.get('shop/orders-db');
    expect(made).toMatchObject({ size: '1Gi', labels: { app: 'orders' } });
    expect(made?.annotations).toEqual({ 'example.com/note': 'größe' });
    expect(end.uid).toBe(made?.uid);
    expect(cluster.existing.size).toBe(0);
  });

  it('is not made in a namespace that was deleted, or deleted and created again', async () => {
    for (const live of [{ name: 'shop', uid: 'another', createdAt: '' }, undefined]) {
      const end = await go({ inventory: { ...world.inventory, namespace: () => live } });
      expect(end).toMatchObject({ status: 'failed', reason: 'NamespaceNotFound' });
    }
    expect(claims.all.size).toBe(0);
  });

  it('has a mark while it is written to', async () => {
    let seen: Record<string, string> | undefined;
    await go(
      {},
      {
        report({ stage }) {
          if (stage === 'copy') seen = { ...claims.all.get('shop/orders-db')?.annotations };
        },
      }
    );
    expect(seen).toMatchObject({ 'nkvm.io/restoring': '01restore', 'nkvm.io/installation': 'i' });
  });

  it('begins with nothing when the archive has changed', async () => {
    const end = await go(
      giving(() => Readable.from([Buffer.concat([archive.subarray(0, -1), Buffer.from('x')])]))
    );
    expect(end).toMatchObject({ status: 'failed', reason: 'ArchiveDiffers' });
    expect(stateOf(end)[0]).toBe('check-archive failed');
    expect(claims.all.size).toBe(0);
    expect(names()).toEqual([]);
  });

  it.each<[string, () => Readable, string]>([
    ['breaks off', breaking, 'Unexpected'],
    ['is cut by then', () => Readable.from([archive.subarray(0, -1)]), 'ArchiveDamaged'],
  ])('takes the claim back when the archive %s while it is written', async (_, then, reason) => {
    const end = await go(giving(whole, then));
    expect(end).toMatchObject({
      status: 'failed',
      reason,
      uid: '',
      message: expect.stringMatching(/; the new claim shop\/orders-db was deleted$/),
    });
    expect(claims.all.size).toBe(0);
    expect(detailsOf(end).createdUid).toBeNull();
    expect(stateOf(end)).toContain('create-claim undone');
  });

  it('marks the claim as incomplete where it cannot be deleted', async () => {
    const refusing: MemoryClaims = {
      ...claims,
      async remove() {
        throw new ApiFailure('forbidden', { kind: 'refused', class: 'needs-action' });
      },
    };
    put('lost+other', 'the volume is not new'); // which lets it fail
    const end = await go({ claims: refusing });
    expect(end).toMatchObject({
      status: 'failed',
      reason: 'ClaimNotEmpty',
      message: expect.stringMatching(/is incomplete and could not be deleted: forbidden$/),
      hint: expect.stringMatching(/kubectl delete pvc orders-db -n shop/),
    });
    expect(claims.all.get('shop/orders-db')?.annotations).toMatchObject({
      'nkvm.io/incomplete': '01restore',
    });
  });

  it('never touches a claim of that name that somebody else has made', async () => {
    await claims.create({
      ...{ namespace: 'shop', name: 'orders-db', labels: {}, annotations: { a: 'b' } },
      ...{ accessModes: [], size: '1Gi' },
    });
    const end = await go();
    expect(end).toMatchObject({ reason: 'ClaimExists', failureClass: 'needs-action' });
    expect(claims.all.get('shop/orders-db')?.annotations).toEqual({ a: 'b' });
  });

  it('takes the place of what an earlier attempt has left', async () => {
    await claims.create({
      ...{ namespace: 'shop', name: 'orders-db', labels: {}, accessModes: [], size: '1Gi' },
      annotations: { 'nkvm.io/restoring': '01restore', 'nkvm.io/installation': 'i' },
    });
    expect(await go()).toMatchObject({ status: 'success' });
    expect(claims.all.get('shop/orders-db')?.annotations).not.toHaveProperty('nkvm.io/restoring');
  });

  it('ends when a pod wants the claim while it is written', async () => {
    const end = await go(
      {},
      {
        report({ stage }) {
          if (stage === 'wait') pods.push({ name: 'orders-0', phase: 'Pending', node: null });
        },
      }
    );
    expect(end).toMatchObject({
      status: 'failed',
      reason: 'ClaimInUse',
      message: expect.stringMatching(/used by pod orders-0; the new claim .* was deleted/),
    });
    expect(names()).toEqual([]);
    expect(claims.all.size).toBe(0);
  });

  it('is cancelled, and leaves nothing', async () => {
    const stop = new AbortController();
    const end = await go(
      {},
      {
        signal: stop.signal,
        report({ stage }) {
          if (stage === 'copy') stop.abort(CANCELLED);
        },
      }
    );
    expect(end).toMatchObject({
      status: 'cancelled',
      message: 'cancelled at stage copy; the new claim shop/orders-db was deleted',
    });
    expect(claims.all.size).toBe(0);
    expect(cluster.existing.size).toBe(0);
  });
});

describe('a restore into an existing claim', () => {
  it('that is empty is a success', async () => {
    await into('empty');
    expect(await go()).toMatchObject({ status: 'success' });
    expect(isRestored()).toBe('');
  });

  it('with mode empty changes nothing where it holds anything', async () => {
    await into('empty');
    put('mine', 'precious');
    expect(await go()).toMatchObject({
      status: 'failed',
      reason: 'ClaimNotEmpty',
      message: expect.stringMatching(/; nothing was written to claim shop\/orders-db$/),
      failureClass: 'needs-action',
    });
    expect(names()).toEqual(['mine']);
  });

  it('with mode overwrite leaves what the archive lacks', async () => {
    await into('overwrite');
    put('mine', 'precious');
    put('readme', 'old');
    const end = await go();
    expect(end).toMatchObject({ status: 'success' });
    expect(detailsOf(end).comparison).toMatchObject({ leftOver: 1, differences: 0 });
    expect(names()).toEqual(['mine', 'readme', 'sub']);
    expect(readFileSync(join(volume, 'readme'), 'utf8')).toBe('hello');
  });

  it('with mode mirror deletes what the archive lacks', async () => {
    await into('mirror');
    put('mine', 'precious');
    expect(await go()).toMatchObject({ status: 'success' });
    expect(isRestored()).toBe('');
  });

  it('is refused while a pod uses it', async () => {
    await into('overwrite');
    pods.push({ name: 'orders-0', phase: 'Running', node: 'node-a' });
    expect(await go()).toMatchObject({ reason: 'ClaimInUse', failureClass: 'needs-action' });
    expect(names()).toEqual([]);
  });

  it('is refused where the claim was made anew since', async () => {
    await into('overwrite');
    run.uid = 'another';
    expect(await go()).toMatchObject({ reason: 'ClaimNotFound' });
    expect(names()).toEqual([]);
  });

  it('writes nothing where the claim is made anew while the helper waits', async () => {
    await into('overwrite');
    put('mine', 'precious');
    let isAnother = false;
    const end = await go(
      {
        async readClaim(...of) {
          const claim = await world.readClaim(...of);
          return claim && isAnother ? { ...claim, uid: 'another' } : claim;
        },
      },
      {
        report({ stage }) {
          if (stage === 'wait') isAnother = true;
        },
      }
    );
    expect(end).toMatchObject({ reason: 'ClaimNotFound' });
    expect(names()).toEqual(['mine']);
  });

  it('takes a safety backup before it writes, and says so when it breaks off', async () => {
    await into('overwrite', { safetyBackup: true });
    const stop = new AbortController();
    const seen: string[] = [];
    const end = await go(
      {
        takeSafetyBackup: async (_target, _run, { onAdded }) => {
          seen.push(...names());
          await onAdded('safety-1');
          return 'safety-1';
        },
      },
      {
        signal: stop.signal,
        report({ stage }) {
          if (stage === 'copy') stop.abort(CANCELLED);
        },
      }
    );
    expect(seen).toEqual([]);
    expect(end).toMatchObject({
      status: 'cancelled',
      message: 'cancelled at stage copy; claim shop/orders-db holds a part of the archive',
      hint: 'undo it, which restores safety backup safety-1, or restore again',
    });
    expect(detailsOf(end).safetyBackupId).toBe('safety-1');
    expect(claims.all.size).toBe(1);
  });

  it('does not begin where a pod has used the claim during the safety backup', async () => {
    await into('overwrite', { safetyBackup: true });
    put('mine', 'precious');
    const end = await go({
      async takeSafetyBackup(_target, _run, { signal }) {
        pods.push({ name: 'nightly-1', phase: 'Running', node: 'node-a' });
        await new Promise(resolve => signal.addEventListener('abort', resolve));
        pods.length = 0;
        throw signal.reason;
      },
    });
    expect(end).toMatchObject({
      reason: 'ClaimInUse',
      message: expect.stringMatching(/by pod nightly-1; nothing was written/),
    });
    expect(names()).toEqual(['mine']);
  });

  it('that is bound to a volume with files only by the restore is backed up first', async () => {
    await into('mirror', { safetyBackup: true });
    put('mine', 'precious');
    const pending = testClaim({ namespace: 'shop', name: 'orders-db', uid: run.uid });
    const end = await go({
      inventory: { ...world.inventory, claim: () => ({ ...pending, phase: 'Pending' }) },
    });
    expect(end).toMatchObject({
      ...{ status: 'failed', reason: 'SafetyBackupMissing', failureClass: 'transient' },
      message: expect.stringMatching(/; nothing was written to claim/),
    });
    expect(names()).toEqual(['mine']);
  });

  it('that is not bound yet needs no safety backup', async () => {
    await into('mirror', { safetyBackup: true });
    const pending = testClaim({ namespace: 'shop', name: 'orders-db', uid: run.uid });
    const end = await go({
      inventory: { ...world.inventory, claim: () => ({ ...pending, phase: 'Pending' }) },
    });
    expect(end).toMatchObject({ status: 'success' });
    expect(isRestored()).toBe('');
  });

  it('starts workloads again, but not on a part of the archive', async () => {
    const said: Ended[] = [];
    const scaler: Scaler = {
      ...world.scaler,
      scaleDown: async () => ({ workloads: [], message: '', stillDown: async () => undefined }),
      async scaleUp(_run, ended) {
        said.push(ended);
        const stays = ended.hasWritten && !ended.isProven;
        return { message: '', notes: [], held: stays ? ['web stays stopped'] : [], left: [] };
      },
    };
    await into('overwrite', { scale: true });
    expect(await go({ scaler })).toMatchObject({ status: 'success' });
    const end = await go({ scaler, ...giving(whole, breaking) });
    expect(end).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(/holds a part of the archive; its workloads stay stopped$/),
      hint: expect.stringMatching(/restore again.*then its workloads are started again/),
      warnings: expect.arrayContaining(['web stays stopped']),
    });
    expect(stateOf(end)).toContain('scale-up failed');
    put('mine', 'precious');
    run.details.target.mode = 'empty';
    expect(await go({ scaler })).toMatchObject({ status: 'failed', reason: 'ClaimNotEmpty' });
    expect(said).toEqual([
      { hasWritten: true, isWhole: true, isProven: true },
      { hasWritten: true, isWhole: true, isProven: false },
      { hasWritten: false, isWhole: true, isProven: false },
    ]);
  });

  it('is not tried again by itself once it has written', async () => {
    await into('overwrite');
    expect(await go(giving(whole, breaking))).toMatchObject({
      status: 'failed',
      failureClass: 'needs-action',
      hint: expect.stringMatching(/no safety backup/),
    });
  });

  it('does not begin where the safety backup fails', async () => {
    await into('overwrite', { safetyBackup: true });
    put('mine', 'precious');
    const end = await go({
      async takeSafetyBackup() {
        throw new ApiFailure('away', { kind: 'unreachable', class: 'transient' });
      },
    });
    expect(end).toMatchObject({ status: 'failed', failureClass: 'transient' });
    expect(names()).toEqual(['mine']);
  });
});

describe('after a restart', () => {
  const { signal } = new AbortController();
  const after = async (details: Partial<RestoreDetails>) =>
    await restoreJob(world).afterRestart?.(
      { ...run, status: 'running', details: { ...run.details, ...details } },
      signal
    );
  const comparison = {
    ...{ entries: 3, bytes: 1, differences: 0, examples: [], notRestored: [], leftOver: 0 },
  };
  const make = async (annotations: Record<string, string>) =>
    await claims.create({
      ...{ namespace: 'shop', name: 'orders-db', labels: {}, accessModes: [], size: '1Gi' },
      annotations,
    });
  const marks = { 'nkvm.io/restoring': '01restore', 'nkvm.io/installation': 'i' };

  it('what was asked of it cannot be read: nothing is done', async () => {
    const end = await restoreJob(world).afterRestart?.({ ...run, details: null }, signal);
    expect(end).toMatchObject({ status: 'failed', reason: 'DetailsUnreadable' });
    expect(claims.all.size).toBe(0);
  });

  it('the claim that was proven makes it a success', async () => {
    const { uid } = await make({});
    expect(await after({ createdUid: uid, comparison })).toMatchObject({ status: 'success' });
  });

  it('and says what could not be restored, as if nothing had happened', async () => {
    const { uid } = await make({});
    const notRestored = [{ kind: 'owner' as const, count: 2, names: [] }];
    expect(
      await after({ createdUid: uid, comparison: { ...comparison, notRestored } })
    ).toMatchObject({
      status: 'success',
      warnings: ['the owner of 2 entries could not be restored here'],
    });
  });

  it('a claim with the mark is deleted, and the restore is tried again', async () => {
    const { uid } = await make(marks);
    expect(await after({ createdUid: uid, hasBegunToWrite: true, comparison })).toMatchObject({
      status: 'failed',
      failureClass: 'transient',
    });
    expect(claims.all.size).toBe(0);
  });

  it('so is one whose UID was not recorded any more', async () => {
    await make(marks);
    expect(await after({})).toMatchObject({ failureClass: 'transient' });
    expect(claims.all.size).toBe(0);
  });

  it.each<[string, Record<string, string>]>([
    ['of another installation', { ...marks, 'nkvm.io/installation': 'other' }],
    ['of another run', { ...marks, 'nkvm.io/restoring': 'another' }],
    ['of somebody else', {}],
  ])('a claim %s is not touched', async (_, annotations) => {
    await make(annotations);
    expect(await after({ createdUid: 'mine' })).toMatchObject({ failureClass: 'transient' });
    expect(claims.all.size).toBe(1);
  });

  it('an existing claim that was compared to the end is a success', async () => {
    await into('overwrite');
    const steps: RestoreDetails['steps'] = [{ step: 'compare', state: 'done', message: '' }];
    const { target } = run.details;
    const details = { target, hasBegunToWrite: true, comparison };
    expect(await after({ ...details, steps })).toMatchObject({ status: 'success' });
    expect(await after(details)).toMatchObject({ status: 'failed', failureClass: 'needs-action' });
  });

  it('is asked again when the API server does not say what became of the claim', async () => {
    const { uid } = await make({});
    const away = new ApiFailure('away', { kind: 'unreachable', class: 'transient' });
    const asked = restoreJob({ ...world, readClaim: () => Promise.reject(away) });
    const details = { ...run.details, createdUid: uid, comparison };
    await expect(asked.afterRestart?.({ ...run, details }, signal)).rejects.toBe(away);
  });

  it.each([
    [false, 'transient'],
    [true, 'needs-action'],
  ])('an existing claim that was written to (%s): %s', async (hasBegunToWrite, failureClass) => {
    await into('overwrite', { hasBegunToWrite });
    expect(await after({ target: run.details.target, hasBegunToWrite })).toMatchObject({
      status: 'failed',
      failureClass,
    });
    expect(claims.all.size).toBe(1);
    expect(existsSync(volume)).toBe(true);
  });
});

describe('a restore whose helper pod can connect to NKVM', () => {
  beforeEach(async () => {
    writeFileSync(join(root, 'source', 'noise'), randomBytes(900_000));
    destination = memoryDestination();
    await store(join(root, 'source'));
    world.places = onePlace(destination);
  });
  const seen: RunChange[] = [];
  const report = (change: RunChange) => void seen.push(change);
  const routes = () => seen.flatMap(({ transport }) => transport ?? []);
  beforeEach(() => void seen.splice(0));

  it('fetches the archive', async () => {
    const end = await go({ push: await testListener() }, { report });
    expect(end).toMatchObject({ status: 'success', warnings: [] });
    expect(isRestored()).toBe('');
    expect(routes()).toEqual(['push']);
  });

  it('is tried again over exec when that connection breaks, and no claim stays', async () => {
    const listener = await testListener();
    const port = await breakingWay(portOf(listener), 300_000, 'reset', 'answer');
    const push = misled(listener, { port });
    const end = await go({ push }, { report });
    expect(end).toMatchObject({
      ...{ status: 'failed', stage: 'copy', reason: 'PushBroke', failureClass: 'transient' },
    });
    expect([...claims.all.keys()]).toEqual([]);
    rmSync(volume, { recursive: true });
    mkdirSync(volume);
    run = { ...run, attempt: 2, reason: 'PushBroke' };
    expect(await go({ push }, { report })).toMatchObject({ status: 'success' });
    expect(isRestored()).toBe('');
    expect(routes()).toEqual(['push', 'exec']);
  });
});
