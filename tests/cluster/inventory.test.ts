import { KubeConfig } from '@kubernetes/client-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Owner } from '../../sidecar/api/index.ts';
import { ApiFailure } from '../../sidecar/src/cluster/gateway/apiFailure.ts';
import { type Gateway, gatewayOf } from '../../sidecar/src/cluster/gateway/gateway.ts';
import type { ClusterInventory } from '../../sidecar/src/cluster/inventory/inventory.ts';
import { startInventory } from '../../sidecar/src/cluster/inventory/startInventory.ts';
import { resources } from '../../sidecar/src/cluster/limits/resources.ts';
import { watchLimits } from '../../sidecar/src/cluster/watch/watchCache.ts';
import { watchEvents } from '../../sidecar/src/cluster/watch/watchEvents.ts';
import { CLAIMS, FIXTURE_NAMESPACES } from './fixture/claims.ts';
import { kubeconfigPath, kubectl } from './support/kubectl.ts';
import { until } from './support/until.ts';

/** @param user whom to be in the eyes of the API server; an administrator when absent. */
function kubeConfigAs(user?: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(kubeconfigPath());
  kubeConfig.users = kubeConfig.users.map(admin => ({ ...admin, impersonateUser: user }));
  return kubeConfig;
}

function gatewayAs(user?: string): Gateway {
  const gateway = gatewayOf(kubeConfigAs(user));
  onTestFinished(() => gateway.stop());
  return gateway;
}

function start(user?: string, limits = watchLimits): ClusterInventory {
  const log = { info: () => {}, warn: () => {} };
  const inventory = startInventory(gatewayAs(user), { log, limits });
  onTestFinished(() => inventory.stop());
  return inventory;
}

async function started(user?: string, limits = watchLimits): Promise<ClusterInventory> {
  const inventory = start(user, limits);
  await inventory.ready(10_000);
  return inventory;
}

function ownersIn(owner: Owner): string[] {
  if (owner.kind === 'Unknown') return [];
  const owners = owner.kind === 'Single' ? [owner.owner] : owner.owners;
  return owners.map(({ kind, name }) => `${kind} ${name}`);
}

describe('the inventory of the fixture', () => {
  it('has every claim with its phase and its owners', async () => {
    const inventory = await started();
    const seen = FIXTURE_NAMESPACES.flatMap(namespace => inventory.claims(namespace));
    const facts = seen.map(({ namespace, name, phase, owner }) => ({
      namespace,
      name,
      phase,
      owners: ownersIn(owner),
    }));
    expect(facts).toEqual(CLAIMS);
  });

  it('knows the node of a volume that lies on one: the node of its pods', async () => {
    const inventory = await started();
    const onOneNode = inventory.claims('shop').filter(({ node }) => node !== null);
    expect(onOneNode.map(({ name }) => name)).toContain('orders-db');
    for (const { pods, node, nodeSelectorTerms } of onOneNode) {
      for (const pod of pods) expect(pod.node).toBe(node);
      expect(nodeSelectorTerms).not.toEqual([]);
    }
    expect(inventory.claim('shop', 'media')).toMatchObject({ node: null, nodeSelectorTerms: [] });
  });

  it('tells pods that mount a claim from pods that have ended', async () => {
    const inventory = await started();
    expect(inventory.claim('shop', 'import-scratch')?.pods).toEqual([]);
    expect(inventory.claim('shop', 'orders-db')?.pods).toMatchObject([{ phase: 'Running' }]);
    expect(
      inventory
        .claim('billing', 'shipped-logs')
        ?.pods.map(({ node }) => node)
        .sort()
    ).toEqual(inventory.nodes().map(({ name }) => name));
  });

  it('knows sizes, modes and classes', async () => {
    const inventory = await started();
    expect(inventory.claim('billing', 'raw-disk')).toMatchObject({
      volumeMode: 'Block',
      storageClass: null,
    });
    expect(inventory.claim('billing', 'ledger')?.accessModes).toEqual(['ReadWriteOncePod']);
    expect(inventory.claim('shop', 'orders-db')).toMatchObject({
      capacityBytes: 2 * 1024 ** 3,
      requestedBytes: 2 * 1024 ** 3,
      labels: { backup: 'daily' },
    });
    expect(inventory.claim('shop', 'not-yet-used')).toMatchObject({
      capacityBytes: null,
      volumeName: null,
      waitsForFirstConsumer: true,
    });
  });
});

it('sees claims come and go while its watches end every two seconds', async () => {
  const inventory = await started(undefined, { ...watchLimits, watchSeconds: () => 2 });
  const name = `passing-${Date.now()}`;
  const remove = () =>
    kubectl(['delete', 'pvc', name, '--namespace=shop', '--ignore-not-found', '--wait=false']);
  onTestFinished(() => void remove());
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1.5Gi' } } },
  };
  const end = Date.now() + 6_000;
  do {
    kubectl(['create', '--namespace=shop', '--filename=-'], JSON.stringify(claim));
    const seen = await until('the claim is there', () => inventory.claim('shop', name), 10_000);
    expect(seen.requestedBytes).toBe(1.5 * 1024 ** 3);
    remove();
    await until('the claim is gone', () => !inventory.claim('shop', name), 10_000);
  } while (Date.now() < end);
  expect(inventory.problems()).toEqual([]);
});

it('needs no more rights than the sidecar has', async () => {
  const inventory = await started('system:serviceaccount:nkvm:nkvm-runner');
  expect(inventory.problems()).toEqual([]);
});

it('names every right that is missing', async () => {
  const inventory = start('system:serviceaccount:nkvm:nobody');
  const error: Error = await inventory.ready(2_000).catch(error => error);
  for (const { name } of Object.values(resources)) {
    expect(error.message).toMatch(
      new RegExp(`${name}: the rights list and watch are missing.*cannot list resource "${name}"`)
    );
  }
});

it('recognises a version that the API server no longer has', async () => {
  // No API server remembers version 1 of a kind that was added later; of pods, only a new API server does.
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'probes.nkvm.test' },
    spec: {
      group: 'nkvm.test',
      scope: 'Namespaced',
      names: { plural: 'probes', singular: 'probe', kind: 'Probe' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object' } },
        },
      ],
    },
  };
  kubectl(['create', '--filename=-'], JSON.stringify(definition));
  onTestFinished(() => void kubectl(['delete', 'crd', definition.metadata.name]));
  kubectl(['wait', '--for=condition=Established', `crd/${definition.metadata.name}`]);

  const query = { watch: 'true', resourceVersion: '1', timeoutSeconds: '5' };
  const gateway = gatewayAs();
  const watch = async () => {
    const signal = AbortSignal.timeout(10_000);
    const path = '/apis/nkvm.test/v1/probes';
    const body = await gateway.stream({ path, query, signal, silenceMs: 10_000 });
    const events: unknown[] = [];
    for await (const event of watchEvents(body)) events.push(event);
    return events;
  };
  // The first answers are 429: the API server is filling its cache.
  const asked = async () => {
    const error = await watch().catch(error => error);
    return error.status === 429 ? undefined : error;
  };
  const error = await until('the cache is filled', asked, 10_000);
  expect(error).toBeInstanceOf(ApiFailure);
  expect(error.status).toBe(410);
});
