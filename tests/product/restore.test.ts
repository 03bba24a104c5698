import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import type { Call } from '../cluster/support/backups.ts';
import { backUp, read } from '../cluster/support/backups.ts';
import {
  failsOf,
  planRestore,
  readRestore,
  restore,
  restoreEnded,
  startRestore,
} from '../cluster/support/restores.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Playground } from '../playground/playground.ts';
import type { Draft } from '../playground/store/object.ts';
import { bindingOf, namespaceOf } from './drafts.ts';

const claim = (name: string, more: object = {}): Draft => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'shop', labels: { app: 'orders' } },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'immediate',
    resources: { requests: { storage: '1Gi' } },
    ...more,
  },
});

const OBJECTS: Draft[] = [
  ...['shop', 'other', 'locked'].map(namespaceOf),
  bindingOf('nkvm-restore', 'shop'), // which opens it for backups as well
  bindingOf('nkvm-restore', 'other'),
  claim('orders-db'),
  claim('target'),
  claim('never-used', { storageClassName: 'fast' }),
];

describe('restores through the API, on the playground', { timeout: 60_000 }, () => {
  let playground: Playground;
  let world: Awaited<ReturnType<typeof playgroundWorld>>;
  let call: Call;
  let kube: string;
  let source: string;
  let backup: Backup;

  beforeAll(async () => {
    world = await playgroundWorld('admin', () => undefined, {
      objects: OBJECTS,
      filled: [{ namespace: 'shop', claim: 'orders-db', bytes: 1e6 }],
    });
    ({ playground, kubeUrl: kube } = world);
    source = playground.volumePath('shop', 'orders-db');
    const token = await adminToken(kube);
    call = (path, init) => world.sidecar.fetch(path, token, init);
    backup = await backUp(call, 'shop', 'orders-db');
    expect(backup).toMatchObject({ status: 'success' });
  }, 60_000);
  afterAll(() => world?.stop());

  const claimAt = async (where: string, name: string): Promise<any> => {
    const path = `/api/v1/namespaces/${where}/persistentvolumeclaims/${name}`;
    const answer = await fetch(kube + path);
    return answer.status === 404 ? undefined : await answer.json();
  };
  const differences = (path: string): string => {
    try {
      return execFileSync('diff', ['-r', '--no-dereference', source, path], { encoding: 'utf8' });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  const helpers = async (): Promise<string[]> => {
    const answer = await fetch(`${kube}/api/v1/pods?labelSelector=nkvm.io%2Frun`);
    const { items } = (await answer.json()) as { items: { metadata: { name: string } }[] };
    return items.map(({ metadata }) => metadata.name);
  };

  it.each([
    ['which waits for its first consumer', 'fast'],
    ['which is bound at once', 'immediate'],
  ])('into a new claim %s', async (_, storageClass) => {
    const name = `restored-${storageClass}`;
    const asked = {
      backup: backup.id,
      target: { namespace: 'other', name, mode: 'new', storageClass },
    };
    const plan = await planRestore(call, asked);
    expect(failsOf(plan)).toEqual({});
    expect(plan).toMatchObject({
      canStart: true,
      claim: { action: 'create', size: '1Gi', storageClass, labels: { app: 'orders' } },
      source: { hasManifest: true, namespace: 'shop', name: 'orders-db' },
    });
    expect(plan.checks.find(({ name }) => name === 'digest')).toMatchObject({ state: 'passes' });
    expect(await claimAt('other', name)).toBeUndefined();

    const end = await restore(call, asked);
    expect(end).toMatchObject({
      status: 'success',
      message: 'restored',
      comparison: { differences: 0, notRestored: [] },
      source: { namespace: 'shop', name: 'orders-db' },
    });
    expect(end.steps.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
    expect(differences(playground.volumePath('other', name))).toBe('');
    const made = await claimAt('other', name);
    expect(made.metadata.uid).toBe(end.target.uid);
    expect(made.metadata.annotations ?? {}).not.toHaveProperty('nkvm.io/restoring');
    expect(made.metadata.labels).toEqual({ app: 'orders' });
    expect(await helpers()).toEqual([]);
  });

  it('is refused where a claim of that name exists', async () => {
    const target = { namespace: 'shop', name: 'orders-db', mode: 'new' };
    const plan = await planRestore(call, { backup: backup.id, target });
    expect(failsOf(plan)).toEqual({ claim: 'ClaimExists' });
    expect(await startRestore(call, { backup: backup.id, target })).toMatchObject({
      status: 409,
      problem: { reason: 'ClaimExists' },
    });
  });

  it.each<[string, object, number, string, RegExp]>([
    [
      'a namespace in which backups are not allowed',
      { namespace: 'locked', name: 'x', mode: 'new' },
      409,
      'RestoresNotAllowed',
      /kubectl create rolebinding nkvm-restore -n locked --clusterrole nkvm-restore --serviceaccount nkvm:nkvm-runner/,
    ],
    [
      'a namespace that is not there',
      { namespace: 'nowhere', name: 'x', mode: 'new' },
      404,
      'NamespaceNotFound',
      /kubectl create namespace nowhere/,
    ],
    [
      'a class that is not there',
      { namespace: 'other', name: 'x', mode: 'new', storageClass: 'none' },
      409,
      'StorageClassNotFound',
      /choose one of: fast, immediate/i,
    ],
    [
      'a claim that is too small',
      { namespace: 'other', name: 'x', mode: 'new', size: '100Ki' },
      409,
      'TargetTooSmall',
      /are needed, claim other\/x has 100.0 KiB/,
    ],
    [
      'no such claim',
      { namespace: 'other', name: 'x', mode: 'empty' },
      404,
      'ClaimNotFound',
      /restore with mode new/i,
    ],
  ])('is refused for %s, before anything is made', async (_, target, status, reason, message) => {
    const asked = { backup: backup.id, target: target as never, safetyBackup: false };
    expect(await startRestore(call, asked)).toMatchObject({
      status,
      problem: { reason, message: expect.stringMatching(message) },
    });
    const plan = await planRestore(call, asked);
    expect(plan.canStart).toBe(false);
    expect(Object.values(failsOf(plan))).toContain(reason);
  });

  describe('into a claim that exists', () => {
    let target: string;
    beforeEach(() => {
      target = playground.volumePath('shop', 'target');
      for (const name of readdirSync(target)) rmSync(join(target, name), { recursive: true });
    });
    const into = (mode: string) => ({
      backup: backup.id,
      target: { namespace: 'shop', name: 'target', mode },
      safetyBackup: false,
    });

    it('which is empty', async () => {
      expect(await restore(call, into('empty'))).toMatchObject({ status: 'success' });
      expect(differences(target)).toBe('');
    });

    it('with mode empty is refused, and changes nothing, where there is a file', async () => {
      writeFileSync(join(target, 'mine'), 'precious');
      expect(await restore(call, into('empty'))).toMatchObject({
        status: 'failed',
        reason: 'ClaimNotEmpty',
        message: expect.stringMatching(/; nothing was written to claim shop\/target$/),
      });
      expect(readdirSync(target)).toEqual(['mine']);
    });

    it('with mode overwrite', async () => {
      writeFileSync(join(target, 'mine'), 'precious');
      writeFileSync(join(target, 'README.txt'), 'old');
      expect(await restore(call, into('overwrite'))).toMatchObject({
        status: 'success',
        comparison: { leftOver: 1, differences: 0 },
      });
      expect(differences(target)).toMatch(/^Only in .*: mine\n$/);
    });

    it('with mode mirror', async () => {
      writeFileSync(join(target, 'mine'), 'precious');
      expect(await restore(call, into('mirror'))).toMatchObject({ status: 'success' });
      expect(differences(target)).toBe('');
    });

    it('which was never bound', async () => {
      const target = { namespace: 'shop', name: 'never-used', mode: 'empty' };
      const end = await restore(call, { backup: backup.id, target, safetyBackup: false });
      expect(end).toMatchObject({ status: 'success' });
      expect(differences(playground.volumePath('shop', 'never-used'))).toBe('');
    });

    it('after a plan that says which files change', async () => {
      writeFileSync(join(target, 'mine'), 'precious');
      writeFileSync(join(target, 'README.txt'), 'old');
      const plan = await planRestore(call, into('mirror'));
      expect(plan).toMatchObject({
        canStart: true,
        files: {
          added: { count: 15 },
          replaced: { count: 1, names: ['README.txt'] },
          leftOver: { count: 1, names: ['mine'] },
          unchanged: { count: 0 },
          isComplete: true,
        },
      });
      expect(readdirSync(target).sort()).toEqual(['README.txt', 'mine']);
      const empty = await planRestore(call, into('empty'));
      expect(failsOf(empty)).toEqual({ empty: 'ClaimNotEmpty' });
      await restore(call, into('mirror'));
      const again = await planRestore(call, into('mirror'));
      expect(again.files).toMatchObject({ unchanged: { count: 16 }, added: { count: 0 } });
      await until('no helper stays', async () => (await helpers()).length === 0, 10_000);
    });

    it('with a safety backup, by which it is undone', async () => {
      writeFileSync(join(target, 'mine'), 'precious');
      const asked = { ...into('mirror'), safetyBackup: true };
      const end = await restore(call, asked);
      expect(end).toMatchObject({ status: 'success' });
      expect(end.steps.map(({ step, state }) => `${step} ${state}`)).toContain(
        'safety-backup done'
      );
      expect(differences(target)).toBe('');
      const safety = await read(call, end.safetyBackupId ?? '');
      expect(safety).toMatchObject({ status: 'success', name: 'target' });

      const answer = await call(`/api/v1/restores/${end.id}/undo`, { method: 'POST' });
      const { restore: undo } = await answer.json();
      expect(await restoreEnded(call, undo.id)).toMatchObject({
        status: 'success',
        undoOf: end.id,
        backup: safety.id,
      });
      expect(readdirSync(target)).toEqual(['mine']);
      expect(readFileSync(join(target, 'mine'), 'utf8')).toBe('precious');
    });

    it('some files of it only', async () => {
      writeFileSync(join(target, 'mine'), 'precious');
      const paths = ['2026/11/part-003.dat', 'latest'];
      const asked = { ...into('overwrite'), paths };
      const plan = await planRestore(call, asked);
      expect(plan).toMatchObject({ canStart: true, selected: { entries: 4 } });
      expect(plan.files).toMatchObject({ added: { count: 4 }, leftOver: { count: 0 } });
      expect(await restore(call, asked)).toMatchObject({
        status: 'success',
        paths,
        comparison: { differences: 0 },
      });
      expect(readdirSync(target).sort()).toEqual(['2026', 'latest', 'mine']);
      expect(readdirSync(join(target, '2026/11'))).toEqual(['part-003.dat']);
      const file = '2026/11/part-003.dat';
      expect(readFileSync(join(target, file)).equals(readFileSync(join(source, file)))).toBe(true);
    });

    it('is refused for a path that the archive does not have', async () => {
      const asked = { ...into('overwrite'), paths: ['no/such'] };
      expect(await startRestore(call, asked)).toMatchObject({
        problem: { reason: 'PathNotInArchive' },
      });
    });

    it('is refused with the names of the pods that use it', async () => {
      playground.apply([
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'user', namespace: 'shop' },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: 'main',
                image: 'docker.io/library/debian:stable',
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'target' } }],
          },
        },
      ]);
      await until(
        'the pod is seen',
        async () => {
          const plan = await planRestore(call, into('overwrite'));
          return failsOf(plan)['in-use'] === 'ClaimInUse' || undefined;
        },
        10_000
      );
      expect(await startRestore(call, into('overwrite'))).toMatchObject({
        status: 409,
        problem: { reason: 'ClaimInUse', detail: 'claim shop/target is used by pod user' },
      });
      await fetch(`${kube}/api/v1/namespaces/shop/pods/user`, { method: 'DELETE' });
    });
  });

  it('from an archive that somebody has put at the destination', async () => {
    const { archive } = await read(call, backup.id);
    const copy = join(world.sidecar.dir, 'backups', 'by-hand.tar.gz');
    writeFileSync(copy, readFileSync(archive ?? ''));
    const target = { namespace: 'other', name: 'by-hand', mode: 'new', size: '1Gi' };
    const asked = { backup: 'archive:by-hand.tar.gz', target };
    const plan = await planRestore(call, asked);
    expect(plan).toMatchObject({ canStart: true, source: { hasManifest: false } });
    expect(plan.checks.find(({ name }) => name === 'archive')).toMatchObject({ state: 'warns' });
    const end = await restore(call, asked);
    expect(end).toMatchObject({
      status: 'success',
      warnings: [
        'the expected contents of the archive are not known: the volume matches the archive',
      ],
    });
    expect(differences(playground.volumePath('other', 'by-hand'))).toBe('');
  });

  it('is cancelled, and leaves no claim', async () => {
    const target = { namespace: 'other', name: 'cancelled', mode: 'new' };
    const { restore: run } = await startRestore(call, { backup: backup.id, target });
    const id = run?.id ?? '';
    await until(
      'it has a claim',
      async () => (await readRestore(call, id)).target.uid !== null,
      10_000
    );
    const answer = await call(`/api/v1/restores/${id}/cancel`, { method: 'POST' });
    const { status } = await answer.json();
    if (status === 'success') return; // it was faster
    expect(await restoreEnded(call, id)).toMatchObject({ status: 'cancelled' });
    expect(await claimAt('other', 'cancelled')).toBeUndefined();
    expect(await helpers()).toEqual([]);
  });

  it('is refused when the archive was changed, before anything is made', async () => {
    const broken = await backUp(call, 'shop', 'orders-db');
    const { archive } = await read(call, broken.id);
    const bytes = readFileSync(archive ?? '');
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(archive ?? '', bytes);
    const target = { namespace: 'other', name: 'broken', mode: 'new' };
    const plan = await planRestore(call, { backup: broken.id, target });
    expect(failsOf(plan)).toEqual({ digest: 'ArchiveDiffers' });
    const end = await restore(call, { backup: broken.id, target });
    expect(end).toMatchObject({ status: 'failed', reason: 'ArchiveDiffers' });
    expect(await claimAt('other', 'broken')).toBeUndefined();
  });
});
