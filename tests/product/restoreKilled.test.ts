import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Backup, Check, Restore } from '../../sidecar/api/index.ts';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';
import { exampleRun, queuedRun } from '../../sidecar/src/testing/history/exampleRun.ts';
import type { Call } from '../cluster/support/backups.ts';
import { backUp } from '../cluster/support/backups.ts';
import { readRestore, restoreEnded, startRestore } from '../cluster/support/restores.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

const OBJECTS: Draft[] = [
  namespaceOf('shop'),
  bindingOf('nkvm-restore', 'shop'),
  ...['orders-db', 'target'].map(name => claimOf({ name, namespace: 'shop' })),
];

let world: Awaited<ReturnType<typeof playgroundWorld>>;
let sidecar: Sidecar;
let token: string;
let backup: Backup;
const call: Call = (path, init) => sidecar.fetch(path, token, init);
const env = () => ({
  NKVM_KUBECONFIG: world.playground.kubeconfigFor('system:serviceaccount:nkvm:nkvm-runner'),
  NKVM_CLUSTER_NAME: 'playground',
  NKVM_MAX_ATTEMPTS: '3',
  ...(transport === 'push' && { NKVM_PUSH_PORT: '0', NKVM_PUSH_ADDRESS: '127.0.0.1' }),
});
/** How archives travel. */
let transport: 'exec' | 'push' = 'exec';

beforeAll(async () => {
  world = await playgroundWorld('admin', () => undefined, {
    objects: OBJECTS,
    filled: [{ namespace: 'shop', claim: 'orders-db', bytes: 60e6 }],
  });
  await world.sidecar.remove();
  token = await adminToken(world.kubeUrl);
  sidecar = await startSidecar(env());
  backup = await backUp(call, 'shop', 'orders-db');
}, 120_000);
afterAll(async () => {
  await sidecar?.remove();
  await world?.stop();
});

/** Starts the sidecar again, where its archives travel another way. */
async function goOver(way: typeof transport): Promise<void> {
  if (way === transport) return;
  transport = way;
  await sidecar.stop();
  sidecar = await startSidecar(env(), sidecar.dir);
}

/** Kills the sidecar when the restore is so far, and starts another one in its place. */
async function killedAt(run: Restore, isThere: (run: Restore) => boolean): Promise<void> {
  await until('it is so far', async () => isThere(await readRestore(call, run.id)), 30_000, 5);
  await sidecar.stop('SIGKILL');
  sidecar = await startSidecar(env(), sidecar.dir);
}
const start = async (target: object): Promise<Restore> => {
  const asked = { backup: backup.id, target: target as never, safetyBackup: false };
  const { restore, problem } = await startRestore(call, asked);
  if (!restore) throw new Error(problem?.message);
  return restore;
};

it.each<[string, (run: Restore) => boolean, 'exec' | 'push']>([
  ['has made its claim', ({ target }) => target.uid !== null, 'exec'],
  ['writes', ({ stage }) => stage === 'copy', 'exec'],
  ['writes what is pushed', ({ stage }) => stage === 'copy', 'push'],
  ['compares', ({ stage }) => stage === 'checksum', 'exec'],
])(
  'a restore into a new claim that was killed when it %s is done again, and proven',
  { timeout: 120_000 },
  async (what, isThere, way) => {
    await goOver(way);
    const name = `killed-${what.replaceAll(' ', '-')}`;
    const run = await start({ namespace: 'shop', name, mode: 'new' });
    await killedAt(run, isThere);
    const end = await restoreEnded(call, run.id, 90_000);
    expect(end).toMatchObject({ status: 'success', target: { name }, transport: way });
    const { playground, kubeUrl } = world;
    const [from, to] = [
      playground.volumePath('shop', 'orders-db'),
      playground.volumePath('shop', name),
    ];
    execFileSync('diff', ['-r', '--no-dereference', from, to]);
    const path = `/api/v1/namespaces/shop/persistentvolumeclaims/${name}`;
    const claim = await (await fetch(kubeUrl + path)).json();
    expect(claim.metadata.uid).toBe(end.target.uid);
    expect(claim.metadata.annotations ?? {}).not.toHaveProperty('nkvm.io/restoring');
  }
);

it(
  'a restore into a claim that exists says after a kill that it holds a part',
  { timeout: 120_000 },
  async () => {
    const run = await start({ namespace: 'shop', name: 'target', mode: 'overwrite' });
    await killedAt(run, ({ stage }) => stage === 'copy');
    expect(await restoreEnded(call, run.id)).toMatchObject({
      status: 'failed',
      reason: 'Interrupted',
      failureClass: 'needs-action',
      message: expect.stringMatching(/claim shop\/target holds a part of the archive/),
      hint: expect.stringMatching(/no safety backup/),
    });
  }
);

it(
  'a drill that was killed is done again, and leaves no claim and no pod',
  { timeout: 120_000 },
  async () => {
    const asked = await call(`/api/v1/backups/${backup.id}/drill`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const { check } = (await asked.json()) as { check: Check };
    const look = async (): Promise<Check> =>
      (await (await call(`/api/v1/checks/${check.id}`)).json()) as Check;
    await until('it writes', async () => (await look()).stage === 'copy', 30_000, 5);
    await sidecar.stop('SIGKILL');
    sidecar = await startSidecar(env(), sidecar.dir);
    const end = await until(
      'it has ended',
      async () => {
        const run = await look();
        return run.endedAt === null ? undefined : run;
      },
      90_000
    );
    expect(end, end.message).toMatchObject({ status: 'success' });
    const left = async (kind: string): Promise<string[]> => {
      const answer = await fetch(`${world.kubeUrl}/api/v1/namespaces/shop/${kind}`);
      const { items } = (await answer.json()) as { items: { metadata: { name: string } }[] };
      return items.map(({ metadata }) => metadata.name).filter(name => name.startsWith('nkvm-'));
    };
    await until(
      'nothing of it is left',
      async () => [...(await left('pods')), ...(await left('persistentvolumeclaims'))].length === 0,
      60_000
    );
  }
);

it('a copy that was killed is tried as often as copies are', { timeout: 60_000 }, async () => {
  const source = exampleRun({ id: '01source' });
  const copy = queuedRun({ id: '02copy', kind: 'copy', status: 'running', attempt: 5 });
  const asked = { backup: source.id, destination: 'elsewhere', totalBytes: 1 };
  await sidecar.stop();
  const path = join(sidecar.dir, 'nkvm.db');
  const before = await openHistory(path);
  await before.add([source, { ...copy, details: { kind: 'copy', ...asked } }]);
  await before.close();
  sidecar = await startSidecar(env(), sidecar.dir);
  await until('runs may begin', async () => (await call('/readyz')).ok, 30_000);
  await sidecar.stop();
  const after = await openHistory(path);
  expect(after.get(copy.id)).toMatchObject({
    ...{ status: 'queued', attempt: 6, reason: 'Interrupted' },
    message: expect.stringContaining('attempt 5 of 30 failed: NKVM was stopped during the copy'),
  });
  await after.close();
});
