import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backup, BackupList } from '../../sidecar/api/index.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import type { Way } from '../support/way.ts';
import { wayTo } from '../support/way.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

/** `NKVM_OUTAGE_RUNS=120 NKVM_OUTAGE_SECONDS=30` for a long test. */
const RUNS = Number(process.env.NKVM_OUTAGE_RUNS ?? 12);
const AWAY_MS = Number(process.env.NKVM_OUTAGE_SECONDS ?? 5) * 1000;
const RUNNING = Math.ceil(RUNS / 6);
const BYTES = 8 << 20;

const names = Array.from({ length: RUNS }, (_, index) => `claim-${index}`);
const objects: Draft[] = [
  namespaceOf('many'),
  bindingOf('nkvm-runtime', 'many'),
  ...names.map(name => claimOf({ name, namespace: 'many' })),
];

describe('an API server that goes away and comes back', { timeout: 60_000 + RUNS * 5_000 }, () => {
  let world: Awaited<ReturnType<typeof playgroundWorld>>;
  let way: Way;
  let sidecar: Sidecar;
  let token: string;

  beforeAll(async () => {
    world = await playgroundWorld('admin', () => undefined, { objects, filled: [] });
    await world.sidecar.remove(); // ours goes another way
    const { playground } = world;
    for (const name of names) {
      const volume = await until(
        `claim ${name} is bound`,
        () => playground.volumePath('many', name),
        30_000
      );
      writeFileSync(join(volume, 'file'), randomBytes(BYTES));
    }
    token = await adminToken(await playground.proxyAs('admin'));
    way = await wayTo(playground.kubeconfigFor('system:serviceaccount:nkvm:nkvm-runner'));
    sidecar = await startSidecar({
      NKVM_KUBECONFIG: way.kubeconfig,
      NKVM_CLUSTER_NAME: 'playground',
      NKVM_MAX_ATTEMPTS: '2',
      NKVM_MAX_PARALLEL: `${RUNNING}`,
      NKVM_MAX_PARALLEL_PER_NODE: `${RUNNING}`,
    });
  }, 120_000);
  afterAll(async () => {
    await sidecar?.remove();
    await way?.close();
    await world?.stop();
  });

  const runs = async (): Promise<Backup[]> => {
    const answer = await sidecar.fetch('/api/v1/backups?limit=500', token);
    expect(answer.status).toBe(200);
    return ((await answer.json()) as BackupList).backups;
  };
  const withStatus = (all: Backup[], status: Backup['status']) =>
    all.filter(run => run.status === status);

  it(`${RUNS} runs survive ${
    AWAY_MS / 1000
  } s without it, and none uses up an attempt`, async () => {
    const ids: string[] = [];
    for (let at = 0; at < RUNS; at += 100) {
      const volumes = names.slice(at, at + 100).map(name => ({ namespace: 'many', name }));
      const answer = await sidecar.fetch('/api/v1/backups', token, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ volumes }),
      });
      expect(answer.status).toBe(202);
      ids.push(...((await answer.json()) as BackupList).backups.map(({ id }) => id));
    }
    const before = await until(
      'runs are under way',
      async () => {
        const all = await runs();
        const streaming = all.filter(
          ({ stage, status }) => status === 'running' && stage === 'copy'
        );
        return streaming.length > 0 ? all : undefined;
      },
      30_000,
      5
    );
    await way.cut();
    const underWay = withStatus(before, 'running').map(({ id }) => id);
    expect(underWay).toHaveLength(RUNNING);
    await sleep(AWAY_MS);
    const ready = await fetch(`http://127.0.0.1:${sidecar.port}/readyz`);
    expect(await ready.text()).toContain('the API server does not answer');
    await way.restore();

    const after = await until(
      'every run has ended',
      async () => {
        const all = await runs();
        return all.every(({ endedAt }) => endedAt !== null) ? all : undefined;
      },
      60_000 + RUNS * 3_000,
      500
    );
    expect(after.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(after.map(({ status, reason, message }) => [status, reason, message])).toEqual(
      after.map(() => ['success', null, expect.any(String)])
    );
    expect(after.filter(({ attempt }) => attempt !== 1)).toEqual([]);
    expect(readdirSync(join(sidecar.dir, 'backups'))).toHaveLength(3 * RUNS);
  });
});
