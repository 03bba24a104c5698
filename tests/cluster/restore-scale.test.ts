import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Backup, Restore } from '../../sidecar/api/index.ts';
import { startSidecar } from '../support/sidecar.ts';
import type { Call } from './support/backups.ts';
import { backUp } from './support/backups.ts';
import { getJson, kubeconfigPath, kubectl } from './support/kubectl.ts';
import { readRestore, restoreEnded, startRestore } from './support/restores.ts';
import { planRestore } from './support/restores.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';

const NAMESPACE = 'restore-scale';
const here = `--namespace=${NAMESPACE}`;

const workload = (kind: 'Deployment' | 'StatefulSet', name: string, more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, namespace: NAMESPACE, ...more },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    ...(kind === 'StatefulSet' && {
      serviceName: name,
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '64Mi' } },
          },
        },
      ],
    }),
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'main',
            image: 'docker.io/nkvm/nkvm:dev',
            imagePullPolicy: 'Never',
            securityContext: { runAsUser: 0 },
            command: [
              'sh',
              '-c',
              'trap "exit 0" TERM; echo started >>/data/log; sleep 3600 & wait',
            ],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        ...(kind === 'Deployment' && {
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'web' } }],
        }),
      },
    },
  },
});

const OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'web', namespace: NAMESPACE },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } },
  },
  workload('Deployment', 'web'),
  workload('StatefulSet', 'db'),
];

interface Object {
  metadata: { annotations?: Record<string, string> };
  spec: { replicas: number };
  status: { readyReplicas?: number };
}

describe('restores into claims in use', () => {
  let call: Call;
  const backups = new Map<string, Backup>();

  beforeAll(async () => {
    kubectl(
      ['apply', '--filename=-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: OBJECTS })
    );
    const sidecar = await startSidecar({ NKVM_KUBECONFIG: kubeconfigPath() });
    const admin = token();
    call = (path, init) => sidecar.fetch(path, admin, init);
    for (const [kind, name, claim] of [
      ['deployment', 'web', 'web'],
      ['statefulset', 'db', 'data-db-0'],
    ] as const) {
      kubectl(['rollout', 'status', `${kind}/${name}`, here, '--timeout=180s']);
      await until(
        `${claim} is backed up`,
        async () => {
          const run = await backUp(call, NAMESPACE, claim);
          backups.set(claim, run);
          return run.status === 'success';
        },
        60_000
      );
    }
    return async () => {
      await sidecar.remove();
      kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
    };
  });

  const read = (kind: string, name: string) => getJson<Object>(kind, name, here);
  const ask = async (claim: string): Promise<Restore> => {
    const { restore, problem } = await startRestore(call, {
      backup: backups.get(claim)?.id ?? '',
      target: { namespace: NAMESPACE, name: claim, mode: 'mirror' },
      scale: true,
      safetyBackup: true,
    });
    if (!restore) throw new Error(problem?.message);
    return restore;
  };
  const runs = (kind: string, name: string, replicas = 1) =>
    until(
      `${kind} ${name} runs as before`,
      () => {
        const { metadata, spec, status } = read(kind, name);
        const note = metadata.annotations?.['nkvm.io/restore'];
        return spec.replicas === replicas && status.readyReplicas === replicas && !note;
      },
      60_000
    );

  it.each([
    ['deployment', 'web', 'web'],
    ['statefulset', 'db', 'data-db-0'],
  ])(
    'the %s %s is stopped and comes back',
    async (kind, name, claim) => {
      const end = await restoreEnded(call, (await ask(claim)).id, 120_000);
      expect(end).toMatchObject({ status: 'success', comparison: { differences: 0 } });
      await runs(kind, name);
      // The controller of Deployments has copied the annotation.
      await until(
        'no ReplicaSet has a note',
        () => !kubectl(['get', 'replicasets', here, '--output=yaml']).includes('nkvm.io/restore'),
        60_000
      );
    },
    900_000
  );

  it('a loop that scales back every 2 s ends the restore before it writes, by its field manager', async () => {
    kubectl(['label', 'deployment', 'web', here, 'argocd.argoproj.io/instance=shop']);
    onTestFinished(
      () => void kubectl(['label', 'deployment', 'web', here, 'argocd.argoproj.io/instance-'])
    );
    await until(
      'the plan names it',
      async () => {
        const { workloads } = await planRestore(call, {
          backup: backups.get('web')?.id ?? '',
          target: { namespace: NAMESPACE, name: 'web', mode: 'mirror' },
          scale: true,
        });
        return workloads[0]?.obstacle?.startsWith('Argo CD application shop may start it again');
      },
      10_000
    );

    const heal = (): void => {
      kubectl([
        ...['patch', 'deployment', 'web', here, '--field-manager=argocd-controller'],
        '--patch={"spec":{"replicas":1}}',
      ]);
    };
    const run = await ask('web');
    await until('it is stopped', () => read('deployment', 'web').spec.replicas === 0, 30_000, 50);
    const loop = setInterval(heal, 2_000);
    onTestFinished(() => clearInterval(loop));
    const end = await restoreEnded(call, run.id, 60_000);
    clearInterval(loop);
    expect(end).toMatchObject({ status: 'failed', reason: 'ScaledBack' });
    expect(end.message).toContain(
      `Deployment ${NAMESPACE}/web was set back to 1 replica by argocd-controller (Argo CD application shop)`
    );
    expect(end.message).toContain('nothing was written');
    expect(end.hint).toContain('argocd app set shop --self-heal=false');
    await runs('deployment', 'web');
  });

  it('a person who scales it up while it is stopped is named as well', async () => {
    const run = await ask('data-db-0');
    await until('it is stopped', () => read('statefulset', 'db').spec.replicas === 0, 30_000, 50);
    kubectl(['scale', 'statefulset', 'db', here, '--replicas=2']);
    const end = await restoreEnded(call, run.id, 60_000);
    expect(end).toMatchObject({ status: 'failed', reason: 'ScaledBack' });
    expect(end.message).toContain('was set back to 2 replicas by kubectl');
    expect((await readRestore(call, run.id)).warnings.join()).not.toContain('still stopped');
    kubectl(['scale', 'statefulset', 'db', here, '--replicas=1']);
    await runs('statefulset', 'db');
  });

  it('an autoscaler is named, and paused by Kubernetes itself', async () => {
    kubectl(['autoscale', 'statefulset', 'db', here, '--min=1', '--max=3', '--cpu-percent=80']);
    onTestFinished(() => void kubectl(['delete', 'hpa', 'db', here]));
    const { workloads } = await planRestore(call, {
      backup: backups.get('data-db-0')?.id ?? '',
      target: { namespace: NAMESPACE, name: 'data-db-0', mode: 'mirror' },
      scale: true,
    });
    expect(workloads[0]?.obstacle).toBe(
      'HorizontalPodAutoscaler db sets its replicas, and pauses while it has no replicas'
    );
    const end = await restoreEnded(call, (await ask('data-db-0')).id, 120_000);
    expect(end.status).toBe('success');
    await runs('statefulset', 'db');
  });
});
