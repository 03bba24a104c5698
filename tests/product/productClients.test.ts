import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { execFileSync } from 'node:child_process';
import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { accessOf } from '../../sidecar/src/cluster/gateway/access.ts';
import { execInPod, execToEnd, execWithInput } from '../../sidecar/src/cluster/gateway/exec.ts';
import { type Gateway, gatewayOf } from '../../sidecar/src/cluster/gateway/gateway.ts';
import { podsOf } from '../../sidecar/src/cluster/gateway/pods.ts';
import type { ReadClaim } from '../../sidecar/src/cluster/inventory/claims.ts';
import { claimsOf } from '../../sidecar/src/cluster/inventory/claims.ts';
import { startInventory } from '../../sidecar/src/cluster/inventory/startInventory.ts';
import type { HelperCluster } from '../../sidecar/src/helper/helper.ts';
import { execTransport } from '../../sidecar/src/helper/transport.ts';
import { sameLimits } from '../../sidecar/src/helper/wait/waitLimits.ts';
import type { HelperRequest, ReadyHelper } from '../../sidecar/src/helper/withHelper.ts';
import { withHelper } from '../../sidecar/src/helper/withHelper.ts';
import { exampleHelperSettings } from '../../sidecar/src/testing/helper/exampleHelperSettings.ts';
import { until } from '../cluster/support/until.ts';
import { type Playground, startPlayground } from '../playground/playground.ts';

const SHOP = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: orders-db, namespace: shop, labels: {backup: daily}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: main, image: busybox, volumeMounts: [{name: data, mountPath: /data}]}
      volumes: [{name: data, persistentVolumeClaim: {claimName: orders-db}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: nkvm-user, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: backup, namespace: shop}
rules:
- {apiGroups: [''], resources: [persistentvolumeclaims/backup], resourceNames: [orders-db], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: backup, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: backup}
subjects: [{kind: ServiceAccount, name: nkvm-user, namespace: shop}]
`;

const log = { info: () => undefined, warn: () => undefined };

describe('the sidecar’s own clients on the playground', { timeout: 30_000 }, () => {
  let playground: Playground;
  let kubeConfig: KubeConfig;
  let gateway: Gateway;
  let volume: string;

  beforeAll(async () => {
    playground = await startPlayground();
    kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(playground.kubeconfigFor('admin'));
    gateway = gatewayOf(kubeConfig);
    playground.apply(SHOP);
    volume = await until(
      'claim is bound',
      () => playground.volumePath('shop', 'orders-db'),
      5_000,
      10
    );
    mkdirSync(join(volume, 'sub'));
    writeFileSync(join(volume, 'sub/orders.csv'), 'id,item\n1,lamp\n', { mode: 0o640 });
    writeFileSync(join(volume, 'odd "name"\n'), 'x');
    writeFileSync(join(volume, 'big'), Buffer.alloc(5_000_000, 'nkvm'));
    symlinkSync('sub/orders.csv', join(volume, 'link'));
  });
  afterAll(() => playground?.stop());

  it('see the claim with its owner and node', async () => {
    const inventory = startInventory(gateway, { log });
    await inventory.ready(5_000);
    const claim = await until(
      'it has an owner',
      () => inventory.claim('shop', 'orders-db'),
      5_000,
      10
    );
    expect(claim).toMatchObject({
      phase: 'Bound',
      labels: { backup: 'daily' },
      owner: { kind: 'Single', owner: { kind: 'Deployment', name: 'orders' } },
      terminating: false,
    });
    expect(claim.pods[0]?.node).toMatch(/^node-/);
    await inventory.stop();
  });

  it('ask whose a token is and what its owner may do', async () => {
    const access = accessOf(gateway);
    const { status } = await kubeConfig
      .makeApiClient(CoreV1Api)
      .createNamespacedServiceAccountToken({
        namespace: 'shop',
        name: 'nkvm-user',
        body: { spec: { audiences: ['nkvm'], expirationSeconds: 600 } },
      });
    const { token } = status as { token: string };
    const subject = await access.whoIs(token, 'nkvm');
    expect(subject?.username).toBe('system:serviceaccount:shop:nkvm-user');
    expect(await access.whoIs(token, 'other')).toBeUndefined();
    const backup = {
      verb: 'create' as const,
      group: '',
      resource: 'persistentvolumeclaims',
      subresource: 'backup',
      namespace: 'shop',
      name: 'orders-db',
    };
    expect(await access.may(subject!, backup)).toBe(true);
    expect(await access.may(subject!, { ...backup, name: 'other' })).toBe(false);
  });

  const helpers = (): HelperCluster & { readClaim: ReadClaim } => ({
    pods: podsOf(gateway),
    statusLagMs: 0,
    exec: execInPod.bind(undefined, gateway),
    execWithInput: execWithInput.bind(undefined, gateway),
    execToEnd: execToEnd.bind(undefined, gateway),
    readClaim: claimsOf(gateway),
  });
  const requestFor = (claimUid: string, access: 'read' | 'write'): HelperRequest => ({
    namespace: 'shop',
    claimUid,
    waitLimits: sameLimits(10_000),
    spec: {
      runId: 'test',
      attempt: 1,
      installation: 'test',
      claimName: 'orders-db',
      access,
      settings: { ...exampleHelperSettings, image: 'docker.io/nkvm/nkvm:dev' },
      node: null,
      deadlineMs: 60_000,
    },
  });
  const { signal } = new AbortController();
  /** Runs `use` with a helper, and waits until its pod is gone. */
  async function helped<T>(
    access: 'read' | 'write',
    use: (ready: ReadyHelper) => Promise<T>
  ): Promise<T> {
    const cluster = helpers();
    const claim = await cluster.readClaim('shop', 'orders-db');
    const closing: Promise<void>[] = [];
    let pod = '';
    try {
      return await withHelper(
        cluster,
        requestFor(claim?.uid ?? '', access),
        {
          signal,
          onCreated: helper => (pod = helper.pod),
          onWaiting: () => undefined,
          onReady: () => undefined,
          explain: async error => error,
          closing: gone => closing.push(gone),
        },
        use
      );
    } finally {
      await Promise.all(closing);
      expect(await cluster.pods.get('shop', pod)).toBeUndefined();
    }
  }

  it('pack a volume in a helper pod, and the archive unpacks to the same tree', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'playground-test-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const sent = await helped('read', async ({ helper, node, claim }) => {
      expect(node).toMatch(/^node-/);
      expect(claim.spec).toHaveProperty('accessModes');
      const options = {
        level: 'contents' as const,
        archive: 'a.tar.gz',
        onWorking: () => undefined,
      };
      const { body, sent } = await execTransport.deliver(helper, options);
      await pipeline(body, createWriteStream(join(directory, 'a.tar.gz')));
      return await sent();
    });
    expect(sent).toMatchObject({ podExit: 0, stderr: '' });
    expect(sent.sealed?.seal).toMatchObject({ tarExit: 0, compressorExit: 0 });
    const archive = readFileSync(join(directory, 'a.tar.gz'));
    expect(archive.length).toBe(sent.sealed?.seal.bytes);
    mkdirSync(join(directory, 'tree'));
    execFileSync('tar', ['xzf', join(directory, 'a.tar.gz'), '-C', join(directory, 'tree')]);
    // Only differences would be printed, and end it with code 1.
    execFileSync('diff', ['-r', '--no-dereference', volume, join(directory, 'tree')]);
  });
});
