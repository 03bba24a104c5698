import { NKVM_NAMESPACE } from '../../sidecar/api/names.ts';
import type { Call } from '../cluster/support/backups.ts';
import { backUp } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import type { Playground } from '../playground/playground.ts';
import { startPlayground } from '../playground/playground.ts';
import type { Draft } from '../playground/store/object.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { fill } from './fill.ts';
import { installation } from './installation.ts';
import {
  BACKED_UP,
  FILLED,
  type Filling,
  restoresAllowed,
  RETIRED,
  SCHEDULED,
  shop,
} from './shop.ts';
import { boundWiki, WIKI, wiki, zeroTouch } from './zeroTouch.ts';

/** A cluster with NKVM in it, ready to be looked at. */
export interface World {
  /** The API server, as the person who looks. */
  kubeUrl: string;
  stop(): Promise<void>;
}

/** What is in the cluster besides NKVM. */
export interface Contents {
  objects: readonly Draft[];
  /** Claims whose volumes get files, and how many bytes about. */
  filled: readonly Filling[];
}

const SHOP: Contents = { objects: [...zeroTouch(), ...shop()], filled: FILLED };

/**
 * The playground with a small shop, real files in its volumes, and the real sidecar beside it.
 * @param env settings of the sidecar that differ
 */
export async function playgroundWorld(
  as: 'admin' | 'viewer',
  say: (text: string) => void,
  { objects, filled }: Contents = SHOP,
  env: Record<string, string> = {}
): Promise<World & { playground: Playground; sidecar: Sidecar }> {
  say('Starting the playground, a small Kubernetes in this process');
  const playground = await startPlayground();
  try {
    playground.apply(installation());
    playground.apply(objects);
    say('Filling its volumes');
    for (const { namespace, claim, bytes } of filled) {
      const what = `claim ${namespace}/${claim} is bound`;
      await fill(await until(what, () => playground.volumePath(namespace, claim), 20_000), bytes);
    }
    say('Starting the sidecar');
    const runner = `system:serviceaccount:${NKVM_NAMESPACE}:nkvm-runner`;
    const sidecar = await startSidecar({
      NKVM_KUBECONFIG: playground.kubeconfigFor(runner),
      NKVM_CLUSTER_NAME: 'playground',
      NKVM_PUSH_PORT: '0',
      NKVM_PUSH_ADDRESS: '127.0.0.1', // where the processes of its pods are, too
      NKVM_SCHEDULES: 'on',
      ...env,
    });
    playground.setServiceBackend(NKVM_NAMESPACE, 'nkvm', 'http', sidecar.port);
    return {
      playground,
      sidecar,
      kubeUrl: await playground.proxyAs(as),
      async stop() {
        await sidecar.remove();
        await playground.stop();
      },
    };
  } catch (error) {
    await playground.stop();
    throw error;
  }
}

/**
 * Makes some history, by real backups; one of them is of a claim that is gone afterwards, and can be restored: restores are
 * allowed from now on. Another one has the label `backup` when it is made. After that, others have schedules.
 */
export async function makeHistory({
  playground,
  sidecar,
}: {
  playground: Playground;
  sidecar: Sidecar;
}): Promise<void> {
  playground.apply(restoresAllowed());
  const kubeUrl = await playground.proxyAs('admin');
  const token = await adminToken(kubeUrl);
  const call: Call = (path, init) => sidecar.fetch(path, token, init);
  for (const { namespace, name } of BACKED_UP) {
    await backUp(call, namespace, name);
  }
  const { namespace = '', name = '' } = RETIRED.metadata ?? {};
  const bound = (): string => playground.volumePath(namespace, name);
  playground.apply([RETIRED]);
  await fill(await until(`claim ${namespace}/${name} is bound`, bound, 20_000), 2e6);
  await until(`${namespace}/${name} is backed up`, () => backUp(call, namespace, name), 20_000);
  await fetch(`${kubeUrl}/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`, {
    method: 'DELETE',
  });
  playground.apply(wiki());
  await boundWiki(kubeUrl);
  await fill(playground.volumePath(WIKI.namespace, WIKI.name), 30e6);
  await backUp(call, WIKI.namespace, WIKI.name);
  // So that the page of destinations shows these backups: it is listed only once an hour.
  await call('/api/v1/destinations/local/catalog', { method: 'POST' });
  await schedule(kubeUrl);
}

/** Sets the label `backup` on claims and namespaces, as a person does on the page. */
async function schedule(kubeUrl: string): Promise<void> {
  for (const { namespace, name, backup } of SCHEDULED) {
    const claim = name ? `/persistentvolumeclaims/${name}` : '';
    const path = `/api/v1/namespaces/${namespace}${claim}`;
    const answer = await fetch(kubeUrl + path, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ metadata: { labels: { backup } } }),
    });
    if (!answer.ok) throw new Error(`${path} cannot be labelled: ${answer.status}`);
  }
}

/** @returns a token as the plugin gets it. */
export async function adminToken(kubeUrl: string): Promise<string> {
  const path = `/api/v1/namespaces/${NKVM_NAMESPACE}/serviceaccounts/nkvm-admin/token`;
  const answer = await fetch(kubeUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: ['nkvm'], expirationSeconds: 3600 },
    }),
  });
  const { status } = (await answer.json()) as { status: { token: string } };
  return status.token;
}
