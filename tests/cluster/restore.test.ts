import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import { allowRestoresCommand, openNamespaceCommand } from '../../sidecar/api/names.ts';
import { run } from './machine/run.ts';
import type { Call } from './support/backups.ts';
import { backUp } from './support/backups.ts';
import { getJson, kubeconfigPath, kubectl } from './support/kubectl.ts';
import { failsOf, planRestore, restore, startRestore } from './support/restores.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';
import { verifyPod } from './support/verify-pod.ts';

let proxy: ServiceProxy;
let call: Call;

beforeAll(async () => {
  proxy = await apiThroughServiceProxy();
  const admin = token();
  call = (path, init) => proxy.fetch(path, admin, init);
});
afterAll(() => {
  proxy?.stop();
  for (const namespace of [OLD, NEW]) {
    kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
  }
});

const OLD = 'restore-old';
const NEW = 'restore-new';

/** An application that does not start without its data: it reads the file that it wrote at its first start. */
const application = (namespace: string, line: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: ${namespace}}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: docker.io/nkvm/nkvm:dev
        imagePullPolicy: IfNotPresent
        securityContext: {runAsUser: 0}
        command: [sh, -c, '${line}; sleep infinity']
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`;
const claim = (namespace: string): string => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: ${namespace}, labels: {app: app}}
spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
`;
const apply = (text: string): void => void kubectl(['apply', '--filename=-'], text);
/** Runs a command of the documents as somebody pastes it. */
const paste = (command: string): void =>
  void run('sh', ['-c', command.replace(/^kubectl/, `kubectl --kubeconfig=${kubeconfigPath()}`)]);
const ready = (namespace: string): void =>
  void kubectl([
    'rollout',
    'status',
    'deployment/app',
    `--namespace=${namespace}`,
    '--timeout=400s',
  ]);
const helpers = (): string[] =>
  getJson<{ items: { metadata: { name: string } }[] }>(
    'pods',
    '--all-namespaces',
    '--selector=app.kubernetes.io/component=backup-helper'
  ).items.map(({ metadata }) => metadata.name);

describe('a namespace that was deleted', () => {
  let backup: Backup;
  const inApp = (namespace: string, line: string): string =>
    kubectl(['exec', 'deployment/app', `--namespace=${namespace}`, '--', 'sh', '-c', line]);

  it('is backed up while it lives, and deleted', { timeout: 240_000 }, async () => {
    kubectl(['create', 'namespace', OLD]);
    paste(openNamespaceCommand(OLD));
    apply(claim(OLD));
    apply(
      application(OLD, 'echo precious > /data/orders; head -c 3000000 /dev/urandom > /data/big')
    );
    ready(OLD);
    backup = await until('it is backed up', () => backUp(call, OLD, 'data'), 60_000);
    expect(backup).toMatchObject({ status: 'success' });
    kubectl(['delete', 'namespace', OLD, '--wait=true', '--timeout=400s']);
  });

  it('needs a namespace in which restores are allowed, and the plan shows the command', async () => {
    kubectl(['create', 'namespace', NEW]);
    const asked = { backup: backup.id, target: { namespace: NEW, name: 'data', mode: 'new' } };
    const plan = await until(
      'the namespace is known',
      async () => {
        const seen = await planRestore(call, asked);
        return failsOf(seen).namespace === undefined ? seen : undefined;
      },
      10_000
    );
    expect(failsOf(plan)).toEqual({ rights: 'RestoresNotAllowed' });
    expect(plan.checks.find(({ name }) => name === 'rights')?.hint).toContain(
      allowRestoresCommand(NEW)
    );
    expect(await startRestore(call, asked)).toMatchObject({
      status: 409,
      problem: { reason: 'RestoresNotAllowed' },
    });
    paste(allowRestoresCommand(NEW));
  });

  it(
    'is restored into another one, where the application starts with its data',
    { timeout: 900_000 },
    async () => {
      const asked = { backup: backup.id, target: { namespace: NEW, name: 'data', mode: 'new' } };
      const plan = await until(
        'the right counts',
        async () => {
          const seen = await planRestore(call, asked);
          return seen.canStart ? seen : undefined;
        },
        20_000
      );
      expect(plan.claim).toMatchObject({ action: 'create', storageClass: 'fast', size: '1Gi' });
      const end = await restore(call, asked);
      expect(end).toMatchObject({
        status: 'success',
        comparison: { differences: 0, notRestored: [] },
        source: { namespace: OLD, name: 'data' },
      });
      apply(application(NEW, 'grep precious /data/orders || exit 1'));
      ready(NEW);
      expect(inApp(NEW, 'cat /data/orders; wc -c < /data/big').split('\n').slice(0, 2)).toEqual([
        'precious',
        '3000000',
      ]);
      expect(helpers()).toEqual([]);
    }
  );

  it('is not restored over its running application', async () => {
    const target = { namespace: NEW, name: 'data', mode: 'overwrite' };
    expect(await startRestore(call, { backup: backup.id, target })).toMatchObject({
      status: 409,
      problem: { reason: 'ClaimInUse', detail: expect.stringMatching(/is used by pod app-/) },
    });
  });

  it(
    'stops the application on request, restores, and starts it again',
    { timeout: 900_000 },
    async () => {
      inApp(NEW, 'echo changed > /data/orders; echo new > /data/mine');
      const target = { namespace: NEW, name: 'data', mode: 'mirror' };
      const asked = { backup: backup.id, target, scale: true };
      const end = await restore(call, asked, 180_000);
      expect(end).toMatchObject({ status: 'success' });
      expect(end.steps.map(({ step, state }) => `${step} ${state}`)).toEqual([
        'check-archive done',
        'scale-down done',
        'safety-backup done',
        'write done',
        'compare done',
        'scale-up done',
      ]);
      ready(NEW);
      expect(inApp(NEW, 'cat /data/orders; ls /data | grep -c mine || true')).toBe('precious\n0\n');
    }
  );
});

describe('a volume with everything that an archive can lose', () => {
  it.each(['fast', 'immediate'])(
    'is restored into a new claim of class %s, and an independent comparison finds no difference',
    { timeout: 900_000 },
    async storageClass => {
      const name = `restored-${storageClass}`;
      if (storageClass === 'fast') paste(allowRestoresCommand('shop'));
      const backup = await backUp(call, 'shop', 'orders-db');
      const target = { namespace: 'shop', name, mode: 'new', storageClass };
      const asked = { backup: backup.id, target };
      await until(
        'the right counts',
        async () => (await planRestore(call, asked)).canStart,
        20_000
      );
      const end = await restore(call, asked, 180_000);
      expect(end).toMatchObject({ status: 'success', comparison: { differences: 0 } });
      const before = verifyPod('shop', 'orders-db');
      const after = verifyPod('shop', name);
      try {
        const listing = before.listing('/volume');
        expect(listing.split('\n').length).toBeGreaterThan(4_000);
        expect(after.listing('/volume')).toBe(listing);
      } finally {
        before.remove();
        after.remove();
        kubectl(['delete', 'pvc', name, '--namespace=shop', '--wait=false']);
        if (storageClass === 'immediate')
          kubectl(['delete', 'rolebinding', 'nkvm-restore', '--namespace=shop']);
      }
    }
  );
});

describe('a quota', () => {
  it('is told before anything is made, in the words of the API server', async () => {
    apply(`
apiVersion: v1
kind: ResourceQuota
metadata: {name: storage, namespace: ${NEW}}
spec: {hard: {requests.storage: 2Gi}}
`);
    const backup = await backUp(call, 'shop', 'debug-notes');
    const asked = {
      backup: backup.id,
      target: { namespace: NEW, name: 'big', mode: 'new', size: '5Gi' },
    };
    const plan = await until(
      'the quota counts',
      async () => {
        const seen = await planRestore(call, asked);
        return seen.canStart ? undefined : seen;
      },
      20_000
    );
    expect(failsOf(plan)).toEqual({ quota: 'QuotaExceeded' });
    expect(plan.checks.find(({ name }) => name === 'quota')?.message).toMatch(/storage.*2Gi/);
  });
});
