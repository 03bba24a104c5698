import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { SIDECAR_LABELS, USER_SERVICE_ACCOUNT } from '../../../sidecar/api/names.ts';
import type { Call } from '../../cluster/support/backups.ts';
import { installation } from '../../demo/installation.ts';
import type { Contents, World } from '../../demo/playgroundWorld.ts';
import { adminToken, playgroundWorld } from '../../demo/playgroundWorld.ts';
import { prepare } from '../../demo/prepare.ts';
import { FILLED, shop } from '../../demo/shop.ts';
import type { Playground } from '../../playground/playground.ts';
import type { Draft } from '../../playground/store/object.ts';
import type { Sidecar } from '../../support/sidecar.ts';
import { startSidecar } from '../../support/sidecar.ts';
import { launchChromium } from './chromium.ts';
import type { Headlamp, HeadlampOptions } from './headlamp.ts';
import { headlampOver } from './page.ts';
import { closedPort } from './port.ts';

/** A cluster with NKVM in it, and an administrator in front of Headlamp. */
export interface SeenWorld extends World {
  playground: Playground;
  sidecar: Sidecar;
  headlamp: Headlamp;
  /** Another Headlamp in the same browser, until the test ends. */
  another(options: HeadlampOptions): Promise<Headlamp>;
}

/** The world of all tests of a file, once it is there. */
export type Seen = () => SeenWorld;

const SMALL = 1e5;
/** Takes long enough to be watched, and to be cancelled. */
const BIG = { namespace: 'billing', claim: 'statements', bytes: 600e6 };

/** The shop of the demo, with little in its volumes. The backup of `billing/statements` takes some seconds. */
const SHOP: Contents = {
  objects: shop(),
  filled: FILLED.map(each => (each.claim === BIG.claim ? BIG : { ...each, bytes: SMALL })),
};

/** A way to the sidecar, as an administrator. */
export async function callAsAdmin({ kubeUrl, sidecar }: SeenWorld): Promise<Call> {
  const token = await adminToken(kubeUrl);
  return (path, init) => sidecar.fetch(path, token, init);
}

/** Starts the shop, Headlamp over it, and the browser. */
export async function seeShop(): Promise<SeenWorld> {
  await prepare(() => undefined);
  const world = await playgroundWorld('admin', () => undefined, SHOP);
  const { kubeUrl } = world;
  const browser = await launchChromium().catch(async error => {
    await world.stop();
    throw error;
  });
  const headlamp = await headlampOver({ clusters: [{ name: 'main', kubeUrl }], browser });
  return {
    ...world,
    headlamp,
    async another(options) {
      const other = await headlampOver({ ...options, browser });
      onTestFinished(() => other.close());
      return other;
    },
    async stop() {
      await headlamp.close();
      await browser.close();
      await world.stop();
    },
  };
}

/** Until the test ends, nothing answers behind the Service. @returns how to end that earlier. */
export async function silence({ playground, sidecar }: SeenWorld): Promise<() => void> {
  const comeBack = () => playground.setServiceBackend('nkvm', 'nkvm', 'http', sidecar.port);
  playground.setServiceBackend('nkvm', 'nkvm', 'http', await closedPort());
  onTestFinished(comeBack);
  return comeBack;
}

/** Until the test ends, nothing of NKVM is in the cluster that the API server's proxy could lead to. */
export async function uninstall({ kubeUrl, playground, sidecar }: SeenWorld): Promise<void> {
  const service = `${kubeUrl}/api/v1/namespaces/nkvm/services/nkvm`;
  const { ok, status } = await fetch(service, { method: 'DELETE' });
  if (!ok) throw new Error(`the Service cannot be deleted: ${status}`);
  onTestFinished(() => playground.setServiceBackend('nkvm', 'nkvm', 'http', sidecar.port));
}

/** Until the test ends, an NKVM is in namespace `backup`, as Service `volumes`. */
export async function installElsewhere({ kubeUrl, playground }: SeenWorld): Promise<void> {
  const moved = (
    JSON.parse(
      JSON.stringify(installation()).replaceAll('"namespace":"nkvm"', '"namespace":"backup"')
    ) as Draft[]
  )
    .filter(({ kind }) => kind !== 'ClusterRole')
    .map(draft => {
      const { kind, metadata } = draft;
      if (kind === 'Namespace') return { ...draft, metadata: { ...metadata, name: 'backup' } };
      if (kind !== 'ClusterRoleBinding') return draft;
      return { ...draft, metadata: { ...metadata, name: `${metadata?.name}-backup` } };
    });
  const service: Draft = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'volumes', namespace: 'backup', labels: SIDECAR_LABELS },
    spec: { ports: [{ name: 'http', port: 80 }] },
  };
  playground.apply([...moved, service]);
  const sidecar = await startSidecar({
    NKVM_KUBECONFIG: playground.kubeconfigFor('system:serviceaccount:backup:nkvm-runner'),
    NKVM_NAMESPACE: 'backup',
    NKVM_CLUSTER_NAME: 'playground',
  });
  playground.setServiceBackend('backup', 'volumes', 'http', sidecar.port);
  onTestFinished(async () => {
    await sidecar.remove();
    const bindings = moved.filter(({ kind }) => kind === 'ClusterRoleBinding');
    for (const path of [
      'api/v1/namespaces/backup',
      ...bindings.map(
        ({ metadata }) => `apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${metadata?.name}`
      ),
    ])
      await fetch(`${kubeUrl}/${path}`, { method: 'DELETE' });
  });
}

/** @returns a token with which `user` can log in. */
export function tokenFor({ playground }: SeenWorld, user: string): string {
  const config = readFileSync(playground.kubeconfigFor(user), 'utf8');
  return /token: (\S+)/.exec(config)?.[1] ?? '';
}

/** Makes `user` somebody who works in one namespace only: may edit there, and back up there. */
export function employ({ playground }: SeenWorld, user: string, namespace: string): void {
  const account = { kind: 'ServiceAccount', name: USER_SERVICE_ACCOUNT, namespace };
  const apiGroup = 'rbac.authorization.k8s.io';
  const binding = (name: string, role: string, subject: object): Draft => ({
    apiVersion: `${apiGroup}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace },
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
    subjects: [subject],
  });
  playground.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account.name, namespace } },
    binding(`edit-of-${user}`, 'edit', { apiGroup, kind: 'User', name: user }),
    binding('nkvm-operator', 'nkvm-operator', account),
  ]);
}

/** Keeps new pods from the nodes, or lets them again. */
export async function taintNodes(kubeUrl: string, taints: object[]): Promise<void> {
  for (const node of ['node-a', 'node-b']) {
    const answer = await fetch(`${kubeUrl}/api/v1/nodes/${node}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ spec: { taints } }),
    });
    if (!answer.ok) throw new Error(`${node} cannot be changed: ${answer.status}`);
  }
}
