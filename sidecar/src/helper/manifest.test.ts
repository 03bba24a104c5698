import { describe, expect, it } from 'vitest';
import type { Pod } from '../cluster/gateway/pods.ts';
import { readConfig } from '../config.ts';
import { exampleHelperSettings } from '../testing/helper/exampleHelperSettings.ts';
import { INJECTION_OPT_OUTS } from './injectors.ts';
import type { HelperSpec } from './manifest.ts';
import { helperPod, INDEX_LIMIT_BYTES } from './manifest.ts';

const spec: HelperSpec = {
  runId: '01j',
  attempt: 2,
  installation: 'abc',
  claimName: 'orders-db',
  access: 'read',
  settings: exampleHelperSettings,
  node: null,
  deadlineMs: 60_500,
};

/** @param env settings without `NKVM_HELPER_` */
const settings = (env: Record<string, string>) => ({
  image: 'example/helper:1',
  ...readConfig(
    Object.fromEntries(Object.entries(env).map(([name, value]) => [`NKVM_HELPER_${name}`, value]))
  ).helper.settings,
});
const termsOf = (affinity: NonNullable<Pod['spec']>['affinity']) =>
  affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;

describe('helperPod', () => {
  const container = helperPod(spec).spec?.containers[0];

  it('cannot write to the volume, talk to the API server, or gain rights', () => {
    expect(container?.volumeMounts?.find(({ name }) => name === 'volume')?.readOnly).toBe(true);
    expect(helperPod(spec).spec?.automountServiceAccountToken).toBe(false);
    expect(container?.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['DAC_OVERRIDE'] },
    });
  });

  it('has the claim itself read-only, so that no node relabels a volume in use', () => {
    expect(helperPod(spec).spec?.volumes?.[0]?.persistentVolumeClaim).toEqual({
      claimName: 'orders-db',
      readOnly: true,
    });
    expect(container?.volumeMounts?.[0]).toMatchObject({ recursiveReadOnly: 'IfPossible' });
  });

  it('writes to the volume only where it is for that, with what tar needs to restore', () => {
    const writer = helperPod({ ...spec, access: 'write' }).spec;
    expect(writer?.volumes?.[0]?.persistentVolumeClaim?.readOnly).toBe(false);
    expect(writer?.containers[0]?.volumeMounts?.[0]).toEqual({
      name: 'volume',
      mountPath: '/volume',
    });
    expect(writer?.containers[0]?.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: {
        drop: ['ALL'],
        add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'SETFCAP'],
      },
    });
  });

  it('runs on Linux only, and where its image does', () => {
    const { nodeSelector, affinity } = helperPod(spec).spec ?? {};
    expect(nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
    expect(termsOf(affinity)).toEqual([
      {
        matchExpressions: [
          { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64', 'arm64'] },
        ],
      },
    ]);
    const onlyArm = helperPod({ ...spec, settings: settings({ ARCHITECTURES: 'arm64' }) });
    expect(JSON.stringify(onlyArm.spec?.affinity)).not.toContain('amd64');
  });

  it('leaves the files’ groups alone', () => {
    expect(helperPod(spec).spec?.securityContext).not.toHaveProperty('fsGroup');
  });

  it('has room for the biggest index, so that the kubelet does not evict it, and asks for little', () => {
    const { containers, volumes } = helperPod(spec).spec ?? {};
    const work = volumes?.find(({ name }) => name === 'work')?.emptyDir?.sizeLimit;
    const { limits, requests } = containers?.[0]?.resources ?? {};
    const mebibytes = [work, limits?.['ephemeral-storage'], requests?.['ephemeral-storage']];
    const [room = 0, limit = 0, asked = 0] = mebibytes.map(text => Number.parseInt(text ?? ''));
    expect(room).toBeGreaterThanOrEqual(INDEX_LIMIT_BYTES / 1024 / 1024 + 32);
    expect(limit).toBeGreaterThan(room);
    expect(asked).toBeLessThanOrEqual(16);
  });

  it('goes to a node by affinity, past taints that are named, and never round the scheduler', () => {
    const taint = { key: 'dedicated', operator: 'Exists', effect: 'NoExecute' } as const;
    const { spec: pinned } = helperPod({ ...spec, node: 'node-b', nodeTolerations: [taint] });
    expect(pinned).not.toHaveProperty('nodeName');
    expect(termsOf(pinned?.affinity)).toEqual([
      expect.objectContaining({
        matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-b'] }],
      }),
    ]);
    expect(pinned?.tolerations).toEqual([taint]);
    expect(helperPod(spec).spec).not.toHaveProperty('tolerations');
  });

  it('has what an administrator sets', () => {
    const pod = helperPod({
      ...spec,
      settings: settings({
        LABELS: 'team: storage',
        ANNOTATIONS: 'note: hello',
        TOLERATIONS: '[{key: spot, operator: Exists}]',
        NODE_SELECTOR: 'pool: backup',
        PRIORITY_CLASS: 'low',
        SERVICE_ACCOUNT: 'backup',
        IMAGE_PULL_SECRETS: 'a,b',
        CPU_LIMIT: '1',
        SUPPLEMENTAL_GROUPS: '5000',
        SELINUX_OPTIONS: '{level: "s0:c1,c2"}',
      }),
    });
    expect(pod).toMatchObject({
      metadata: { labels: { team: 'storage' }, annotations: { note: 'hello' } },
      spec: {
        tolerations: [{ key: 'spot', operator: 'Exists' }],
        nodeSelector: { pool: 'backup', 'kubernetes.io/os': 'linux' },
        priorityClassName: 'low',
        serviceAccountName: 'backup',
        automountServiceAccountToken: false,
        imagePullSecrets: [{ name: 'a' }, { name: 'b' }],
        securityContext: { supplementalGroups: [5000], seLinuxOptions: { level: 's0:c1,c2' } },
        containers: [{ resources: { limits: { cpu: '1', memory: '512Mi' } } }],
      },
    });
  });

  it('goes to the only node that has the volume, whatever the node selector says', () => {
    const selective = settings({ NODE_SELECTOR: 'pool: backup', TOLERATIONS: '[{key: spot}]' });
    const { spec: pinned } = helperPod({ ...spec, node: 'node-b', settings: selective });
    expect(pinned?.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
    expect(pinned?.tolerations).toContainEqual({ key: 'spot' });
  });

  it('has no capability as another user than root, and fits Pod Security level restricted', () => {
    for (const access of ['read', 'write'] as const) {
      const asUser = settings({ RUN_AS_USER: '1000', RUN_AS_GROUP: '2000' });
      const pod = helperPod({ ...spec, access, settings: asUser }).spec;
      expect(pod?.containers[0]?.securityContext).toEqual({
        runAsUser: 1000,
        runAsGroup: 2000,
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(pod?.securityContext?.seccompProfile?.type).toBe('RuntimeDefault');
    }
  });

  it('asks every injector to leave it alone, unless an administrator wants one', () => {
    const { labels, annotations } = helperPod(spec).metadata ?? {};
    expect(labels).toMatchObject(INJECTION_OPT_OUTS.labels);
    expect(annotations).toMatchObject(INJECTION_OPT_OUTS.annotations);
    const meshed = settings({ LABELS: '{sidecar.istio.io/inject: "true"}' });
    expect(helperPod({ ...spec, settings: meshed }).metadata?.labels).toMatchObject({
      'sidecar.istio.io/inject': 'true',
      'app.kubernetes.io/component': 'backup-helper',
    });
  });

  it('ends by itself, and is found by its labels', () => {
    expect(helperPod(spec)).toMatchObject({
      metadata: {
        name: 'nkvm-backup-01j-2',
        labels: {
          'app.kubernetes.io/component': 'backup-helper',
          'nkvm.io/run': '01j',
          'nkvm.io/attempt': '2',
          'nkvm.io/installation': 'abc',
        },
      },
      spec: { activeDeadlineSeconds: 61 },
    });
  });
});
