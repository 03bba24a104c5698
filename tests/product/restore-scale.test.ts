import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Backup, Restore, RestoreStep } from '../../sidecar/api/index.ts';
import type { Call } from '../cluster/support/backups.ts';
import { backUp, read } from '../cluster/support/backups.ts';
import type { Asked } from '../cluster/support/restores.ts';
import {
  planRestore,
  readRestore,
  restore,
  restoreEnded,
  startRestore,
} from '../cluster/support/restores.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import { startSidecar } from '../support/sidecar.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

const OBJECTS = [
  namespaceOf('shop'),
  bindingOf('nkvm-restore', 'shop'),
  claimOf({ name: 'orders-db', namespace: 'shop' }),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'orders' } },
      template: {
        metadata: { labels: { app: 'orders' } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: 'main',
              image: 'busybox',
              command: ['sh', '-c', 'sleep 3600'],
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'orders-db' } }],
        },
      },
    },
  },
] as unknown as Draft[];

describe('a restore into a claim in use', { timeout: 180_000 }, () => {
  let world: Awaited<ReturnType<typeof playgroundWorld>>;
  let sidecar: Awaited<ReturnType<typeof startSidecar>>;
  let call: Call;
  let backup: Backup;
  let volume: string;
  /** What the volume held when it was backed up. */
  let original: string;

  const env = () => ({
    NKVM_KUBECONFIG: world.playground.kubeconfigFor('system:serviceaccount:nkvm:nkvm-runner'),
    NKVM_CLUSTER_NAME: 'playground',
    NKVM_MAX_ATTEMPTS: '3',
  });

  beforeAll(async () => {
    world = await playgroundWorld('admin', () => undefined, {
      objects: OBJECTS,
      filled: [{ namespace: 'shop', claim: 'orders-db', bytes: 8e6 }],
    });
    sidecar = await startSidecar(env());
    const token = await adminToken(world.kubeUrl);
    call = (path, init) => sidecar.fetch(path, token, init);
    volume = world.playground.volumePath('shop', 'orders-db');
    original = mkdtempSync(join(tmpdir(), 'nkvm-original-'));
    cpSync(volume, original, { recursive: true, verbatimSymlinks: true });
    backup = await backUp(call, 'shop', 'orders-db');
    expect(backup.status).toBe('success');
  }, 60_000);
  afterAll(async () => {
    await sidecar?.remove();
    await world?.stop();
    if (original) rmSync(original, { recursive: true });
  });
  beforeEach(async () => {
    await until('the application runs', async () => (await state()) === '2 of 2 run', 30_000);
    writeFileSync(join(volume, 'new.txt'), 'made after the backup');
    const [first] = readdirSync(volume).filter(name => name !== 'new.txt');
    rmSync(join(volume, first ?? ''), { recursive: true });
  });

  const path = '/apis/apps/v1/namespaces/shop/deployments/orders';
  const deployment = async (): Promise<any> => (await fetch(world.kubeUrl + path)).json();
  /** @returns how many replicas there are and should be, and the annotation where there is one. */
  const state = async (): Promise<string> => {
    const { spec, status, metadata } = await deployment();
    const note = metadata.annotations?.['nkvm.io/restore'];
    return `${status.readyReplicas ?? 0} of ${spec.replicas} run${note ? `, ${note}` : ''}`;
  };
  const differences = (): string => {
    try {
      const options = ['-rq', '--no-dereference'];
      return execFileSync('diff', [...options, original, volume], { encoding: 'utf8' });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  const asked = (more: Partial<Asked> = {}): Asked => ({
    backup: backup.id,
    target: { namespace: 'shop', name: 'orders-db', mode: 'mirror' },
    scale: true,
    safetyBackup: true,
    ...more,
  });
  const stepsOf = ({ steps }: Restore): Record<string, string> =>
    Object.fromEntries(steps.map(({ step, state }) => [step, state]));

  it('is refused with the names of its pods, and planned with the workload', async () => {
    const refused = await startRestore(call, asked({ scale: false }));
    expect(refused.problem).toMatchObject({ reason: 'ClaimInUse' });
    expect(refused.problem?.message).toMatch(/orders-/);
    const plan = await planRestore(call, asked());
    expect(plan.workloads).toEqual([
      { kind: 'Deployment', name: 'orders', replicas: 2, action: 'scale', obstacle: null },
    ]);
    expect(await state()).toBe('2 of 2 run');
  });

  it('stops the workload, takes a safety backup, restores, starts it again, and is undone by one click', async () => {
    expect(differences()).not.toBe('');
    const before = mkdtempSync(join(tmpdir(), 'nkvm-before-'));
    cpSync(volume, before, { recursive: true, verbatimSymlinks: true });

    const end = await restore(call, asked());
    expect(end).toMatchObject({ status: 'success', comparison: { differences: 0 } });
    expect(stepsOf(end)).toEqual({
      'check-archive': 'done',
      'scale-down': 'done',
      'safety-backup': 'done',
      write: 'done',
      compare: 'done',
      'scale-up': 'done',
    });
    expect(differences()).toBe('');
    expect(await read(call, end.safetyBackupId ?? '')).toMatchObject({
      status: 'success',
      message: `safety backup before restore ${end.id}`,
      requestedBy: end.requestedBy,
    });
    await until('the application runs', async () => (await state()) === '2 of 2 run', 30_000);

    const answer = await call(`/api/v1/restores/${end.id}/undo`, { method: 'POST' });
    const { restore: undo } = (await answer.json()) as { restore: Restore };
    expect(answer.status).toBe(202);
    expect(undo).toMatchObject({ undoOf: end.id, backup: end.safetyBackupId, scale: true });
    expect(await restoreEnded(call, undo.id)).toMatchObject({ status: 'success' });
    expect(
      execFileSync('diff', ['-rq', '--no-dereference', before, volume], { encoding: 'utf8' })
    ).toBe('');
    await until('the application runs', async () => (await state()) === '2 of 2 run', 30_000);
    rmSync(before, { recursive: true });
  });

  it('ends before it writes when somebody starts the workload again, and says so', async () => {
    const { restore: run } = await startRestore(call, asked());
    await until('it is stopped', async () => (await deployment()).spec.replicas === 0, 30_000, 20);
    await fetch(world.kubeUrl + path, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ spec: { replicas: 2 } }),
    });
    const end = await restoreEnded(call, run?.id ?? '');
    expect(end).toMatchObject({ status: 'failed', reason: 'ScaledBack' });
    expect(end.message).toContain('nothing was written to claim shop/orders-db');
    expect(stepsOf(end)).toMatchObject({ write: 'waiting' });
    expect(differences()).not.toBe('');
  });

  /** Waits until a restore is at a step, or over. */
  const at = (id: string, step: RestoreStep['step']) =>
    until(
      `restore ${id} is at ${step}`,
      async () => {
        const run = await readRestore(call, id);
        return (
          run.endedAt || run.steps.some(each => each.step === step && each.state === 'running')
        );
      },
      60_000,
      2
    );

  // Each step on a real cluster: tests/faults/restore.test.ts.
  it.each<RestoreStep['step']>(['scale-down', 'safety-backup', 'compare'])(
    'survives kill -9 of the sidecar at step %s',
    async step => {
      const { restore: run } = await startRestore(call, asked());
      const id = run?.id ?? '';
      await at(id, step);
      await sidecar.stop('SIGKILL');
      const stopped = await state();

      sidecar = await startSidecar(env(), sidecar.dir);
      const end = await restoreEnded(call, id, 120_000);
      const isPart = end.message.includes('holds a part of the archive');
      const expected = isPart ? '0 of 0 run' : '2 of 2 run';
      await until(
        `${expected} (it was at: ${stopped})`,
        async () => (await state()).startsWith(expected),
        60_000
      );
      if (end.status === 'success') {
        expect(differences()).toBe('');
        expect(end.comparison).toMatchObject({ differences: 0 });
      } else {
        expect(end.status).toBe('failed');
        expect(end.message).toMatch(
          /claim shop\/orders-db holds a part of the archive|nothing was written to claim/
        );
      }
      // The safety backup exists, and it holds what was there before the first attempt wrote.
      const safety = end.safetyBackupId ? await read(call, end.safetyBackupId) : undefined;
      if (end.status === 'success') expect(safety?.status).toBe('success');
      if (isPart) {
        // It stays down, however often NKVM looks for what restores have left, until the claim is whole.
        await until(
          'somebody is told',
          async () => (await (await call('/readyz')).text()).includes('not set back: 1'),
          60_000
        );
        const answer = await call(`/api/v1/restores/${id}/undo`, { method: 'POST' });
        const { restore: undo } = (await answer.json()) as { restore: Restore };
        expect(await restoreEnded(call, undo.id, 120_000)).toMatchObject({ status: 'success' });
        await until('the application runs', async () => (await state()) === '2 of 2 run', 30_000);
      }
      const backups = (await (await call('/api/v1/backups')).json()).backups as Backup[];
      expect(backups.filter(each => each.status === 'running' || each.status === 'queued')).toEqual(
        []
      );
    }
  );
});
