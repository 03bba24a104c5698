import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backup, Restore, Volume, VolumePolicyDetails } from '../../sidecar/api/index.ts';
import { NKVM_NAMESPACE, TOKEN_CLUSTER_HEADER } from '../../sidecar/api/names.ts';
import { ownCertificate } from '../../sidecar/src/helper/push/certificate.ts';
import type { Call } from '../cluster/support/backups.ts';
import { ended, read, start } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import type { Way } from '../support/way.ts';
import { wayTo } from '../support/way.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

const RUNNER = `system:serviceaccount:${NKVM_NAMESPACE}:nkvm-runner`;
const LIMIT_MS = 120_000;

const claim = (name: string): Draft => claimOf({ name, namespace: 'shop' });
const LABELS = { backup: 'monthly' };

/** The same names in both clusters. */
const OBJECTS: Draft[] = [
  namespaceOf('shop'),
  ...['nkvm-runtime', 'nkvm-restore'].map(role => bindingOf(role, 'shop')),
  claim('orders-db'),
];

type World = Awaited<ReturnType<typeof playgroundWorld>>;

describe('a cluster beside that of NKVM', { timeout: 2 * LIMIT_MS }, () => {
  let own: World;
  let edge: World;
  let way: Way;
  let sidecar: Sidecar;
  let dir: string;
  const certificate = { ...ownCertificate(), name: 'NKVM' };
  let token: string;
  const data = { own: randomBytes(2e6), edge: randomBytes(2e6) };

  const call: Call = (path, init) => sidecar.fetch(path, token, init);
  const get = async <T>(path: string): Promise<T> => {
    const answer = await call(`/api/v1/${path}`);
    const body = await answer.json();
    if (!answer.ok)
      throw new Error(`${answer.status} ${body.reason}: ${body.detail ?? body.message}`);
    return body as T;
  };
  const volumesIn = (cluster: string) =>
    until(
      `the volumes of ${cluster} are listed`,
      async () => (await get<{ volumes: Volume[] }>(`volumes?cluster=${cluster}`)).volumes,
      LIMIT_MS
    );
  const volumePath = (world: World, name: string): Promise<string> =>
    until(`claim ${name} is bound`, () => world.playground.volumePath('shop', name), LIMIT_MS);

  beforeAll(async () => {
    const nothing = { objects: OBJECTS, filled: [] };
    [own, edge] = await Promise.all([
      playgroundWorld('admin', () => undefined, nothing),
      playgroundWorld('admin', () => undefined, nothing),
    ]);
    await Promise.all([own.sidecar.remove(), edge.sidecar.remove()]);
    writeFileSync(join(await volumePath(own, 'orders-db'), 'file'), data.own);
    writeFileSync(join(await volumePath(edge, 'orders-db'), 'file'), data.edge);
    dir = mkdtempSync(join(tmpdir(), 'nkvm-clusters-'));
    way = await wayTo(edge.playground.kubeconfigFor(RUNNER), certificate);
    mkdirSync(join(dir, 'clusters'));
    copyFileSync(way.kubeconfig, join(dir, 'clusters', 'edge'));
    token = await adminToken(own.kubeUrl);
    sidecar = await startSidecar({
      NKVM_KUBECONFIG: own.playground.kubeconfigFor(RUNNER),
      NKVM_CLUSTER_NAME: 'home',
      NKVM_CLUSTERS_DIR: join(dir, 'clusters'),
      NKVM_CLUSTERS_ON_LOOPBACK: 'allowed',
      NKVM_CLUSTER_AWAY_SECONDS: '5',
    });
    await volumesIn('edge');
  }, 2 * LIMIT_MS);
  afterAll(async () => {
    await sidecar?.remove();
    await way?.close();
    await Promise.all([own?.stop(), edge?.stop()]);
    if (dir) rmSync(dir, { recursive: true, force: true });
  }, LIMIT_MS);

  let ofEdge: Backup;

  it('is backed up by its name, and the own cluster is as before', async () => {
    const { run } = await start(call, 'shop', 'orders-db', { cluster: 'edge' });
    ofEdge = await ended(call, run?.id ?? '', LIMIT_MS);
    expect(ofEdge).toMatchObject({ status: 'success', cluster: 'edge', transport: 'exec' });
    expect(ofEdge.archive).toContain('edge__shop__orders-db__');
    const here = await get<{ backups: Backup[] }>('backups');
    expect(here.backups).toEqual([]);
    const there = await get<{ backups: Backup[] }>('backups?cluster=edge');
    expect(there.backups.map(({ id }) => id)).toEqual([ofEdge.id]);
  });

  it('is seen by a caller who proves rights in it, and in it only', async () => {
    const theirs = await adminToken(edge.kubeUrl);
    const headers = { [TOKEN_CLUSTER_HEADER]: 'edge' };
    const status = async (path: string) =>
      (await sidecar.fetch(`/api/v1/${path}`, theirs, { headers })).status;
    expect(await status(`backups/${ofEdge.id}`)).toBe(200);
    expect(await status('volumes?cluster=edge')).toBe(200);
    expect(await status('volumes')).toBe(403);
    const unnamed = await sidecar.fetch('/api/v1/volumes?cluster=edge', theirs);
    expect(unnamed.status).toBe(401);
  });

  it('has schedules of its own, and says that no claim is restored automatically there', async () => {
    const policyOf = async (cluster: string, name: string) =>
      await get<VolumePolicyDetails>(`policy/shop/${name}?cluster=${cluster}`);
    const dataSourceRef = { apiGroup: 'nkvm.io', kind: 'BackupRestore', name: 'waits' };
    const waits = claim('waits');
    edge.playground.apply([
      { ...claim('orders-db'), metadata: { ...claim('orders-db').metadata, labels: LABELS } },
      { ...waits, spec: { ...(waits.spec as object), dataSourceRef } },
    ]);
    const scheduled = await until(
      'the label is seen',
      async () => {
        const policy = await policyOf('edge', 'orders-db');
        return policy.schedule === null ? undefined : policy;
      },
      LIMIT_MS
    );
    expect(scheduled).toMatchObject({ state: 'protected', restoredAutomatically: false });
    expect((await policyOf('home', 'orders-db')).schedule).toBeNull();
    const held = await until('the claim is seen', () => policyOf('edge', 'waits'), LIMIT_MS);
    expect(held).toMatchObject({
      state: 'held',
      reasons: [expect.objectContaining({ reason: 'NotRestoredInOtherClusters' })],
    });
  });

  it('is restored into the own cluster', async () => {
    const answer = await call('/api/v1/restores', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        backup: ofEdge.id,
        target: { namespace: 'shop', name: 'from-edge', mode: 'new', storageClass: 'immediate' },
      }),
    });
    const { restore, ...problem } = (await answer.json()) as { restore: Restore };
    expect(problem).toEqual({});
    const done = await until(
      'the restore has ended',
      async () => {
        const now = await get<Restore>(`restores/${restore.id}`);
        return now.endedAt === null ? undefined : now;
      },
      LIMIT_MS
    );
    expect(done).toMatchObject({ status: 'success' });
    expect(done.cluster).toBeUndefined();
    expect(readFileSync(join(await volumePath(own, 'from-edge'), 'file')).equals(data.edge)).toBe(
      true
    );
  });

  it('fails its runs by name when it does not answer, while the own cluster goes on, and continues', async () => {
    await way.cut();
    const { run } = await start(call, 'shop', 'orders-db', { cluster: 'edge' });
    const here = await start(call, 'shop', 'orders-db');
    expect(await ended(call, here.run?.id ?? '', LIMIT_MS)).toMatchObject({ status: 'success' });
    const failed = await ended(call, run?.id ?? '', LIMIT_MS);
    expect(failed).toMatchObject({
      ...{ status: 'failed', reason: 'ClusterUnreachable', failureClass: 'transient' },
      message: expect.stringContaining('cluster edge'),
    });
    await way.restore();
    const again = await until(
      'a backup of the cluster is taken again',
      async () => (await start(call, 'shop', 'orders-db', { cluster: 'edge' })).run,
      LIMIT_MS
    );
    expect(await ended(call, again.id, LIMIT_MS)).toMatchObject({ status: 'success' });
  });

  it('is not used while its address leads to another cluster', async () => {
    const file = join(dir, 'clusters', 'edge');
    const status = async (path: string) => (await call(`/api/v1/${path}`)).status;
    await way.cut();
    const wrong = await wayTo(own.playground.kubeconfigFor(RUNNER), certificate, way.port);
    copyFileSync(wrong.kubeconfig, file);
    try {
      const problem = await until(
        'the cluster is refused',
        async () => {
          const answer = await call('/api/v1/volumes?cluster=edge');
          return answer.status === 409 ? await answer.json() : undefined;
        },
        LIMIT_MS
      );
      expect(problem).toMatchObject({ reason: 'ClusterKnownAlready' });
      expect(await status(`backups/${ofEdge.id}`)).toBe(404);
    } finally {
      await wrong.close();
    }
    await way.restore();
    copyFileSync(way.kubeconfig, file);
    await volumesIn('edge');
    expect(await status(`backups/${ofEdge.id}`)).toBe(200);
  });

  it('that is removed leaves its archives, which the own cluster can restore', async () => {
    rmSync(join(dir, 'clusters', 'edge'));
    await until(
      'the cluster is not known any more',
      async () => (await call('/api/v1/volumes?cluster=edge')).status === 404,
      LIMIT_MS
    );
    await expect(read(call, ofEdge.id)).rejects.toThrow();
    const { archives } = await get<{ archives: { key: string }[] }>('archives');
    expect(archives.map(({ key }) => key)).toContainEqual(
      expect.stringContaining('edge__shop__orders-db__')
    );
  });
});
