import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Backup, VolumePolicyDetails } from '../../sidecar/api/index.ts';
import type { Call } from '../cluster/support/backups.ts';
import { ended } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

const CLAIM = '/api/v1/namespaces/shop/persistentvolumeclaims/orders-db';
const OBJECTS: Draft[] = [
  namespaceOf('shop'),
  bindingOf('nkvm-runtime', 'shop'),
  claimOf({
    name: 'orders-db',
    namespace: 'shop',
    annotations: { 'nkvm.io/keep': 'last=3', 'nkvm.io/hold-until': '2999-01-01' },
  }),
];

let world: Awaited<ReturnType<typeof playgroundWorld>>;
let sidecar: Sidecar;
let token: string;
const call: Call = (path, init) => sidecar.fetch(path, token, init);
const post = (path: string, body?: object) =>
  call(`/api/v1/${path}`, {
    method: 'POST',
    ...(body && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });

beforeAll(async () => {
  world = await playgroundWorld('admin', () => undefined, {
    objects: OBJECTS,
    filled: [{ namespace: 'shop', claim: 'orders-db', bytes: 1e6 }],
  });
  await world.sidecar.remove();
  token = await adminToken(world.kubeUrl);
  sidecar = await startSidecar({
    NKVM_KUBECONFIG: world.playground.kubeconfigFor('system:serviceaccount:nkvm:nkvm-runner'),
    NKVM_CLUSTER_NAME: 'playground',
    NKVM_SCHEDULES: 'on',
  });
}, 120_000);
afterAll(async () => {
  await sidecar?.remove();
  await world?.stop();
});

async function backUp(priority: 'scheduled' | 'on-demand'): Promise<Backup> {
  const volumes = [{ namespace: 'shop', name: 'orders-db' }];
  const answer = await post('backups', { volumes, priority, fresh: true });
  const text = await answer.text();
  const [run] = (JSON.parse(text) as { backups?: Backup[] }).backups ?? [];
  if (!run) throw new Error(`the backup was refused: ${text}`);
  return await ended(call, run.id);
}
const files = () => readdirSync(join(sidecar.dir, 'backups')).filter(name => !name.startsWith('.'));
const plan = async () => {
  const answer = await call('/api/v1/policy/shop/orders-db');
  return ((await answer.json()) as VolumePolicyDetails).plans[0];
};
const hasLogged = (text: string) => sidecar.log.some(({ msg }) => msg?.includes(text));

it('archives go after a listing by the rules of the claim, and not while it is on hold', async () => {
  const asked = await backUp('on-demand');
  const runs: Backup[] = [];
  for (let at = 0; at < 5; at++) runs.push(await backUp('scheduled'));
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'success'));

  const before = files();
  expect((await post('destinations/local/catalog')).status).toBe(202);
  await until(
    'the plan is of a listing with all archives, and held',
    async () => {
      const now = await plan();
      return now?.removed === 2 && now.hold?.kind === 'hold';
    },
    30_000
  );
  expect(files()).toEqual(before);

  await fetch(world.kubeUrl + CLAIM, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ metadata: { annotations: { 'nkvm.io/hold-until': null } } }),
  });
  await until('the hold has ended', async () => (await plan())?.hold === null, 30_000);
  await post('destinations/local/catalog');
  await until('two are deleted', async () => hasLogged('retention deleted 2 archives'), 60_000);

  const left = [asked, ...runs.slice(2)].map(({ id }) => id);
  expect(files().filter(name => !left.some(id => name.includes(id)))).toEqual([]);
  expect(files()).toHaveLength(left.length * 3);
  const gone = (await (await call(`/api/v1/backups/${runs[0]?.id}`)).json()) as Backup;
  expect(gone.copies[0]).toMatchObject({
    state: 'deleted',
    problem: { reason: 'DeletedByRetention' },
  });
  expect(await plan()).toMatchObject({ kept: 4, removed: 0 });
}, 180_000);
