import { describe, expect, it } from 'vitest';
import type { HelperSpec } from './manifest.ts';
import { helperPod, INDEX_LIMIT_BYTES } from './manifest.ts';

const spec: HelperSpec = {
  runId: '01j',
  attempt: 2,
  installation: 'abc',
  claimName: 'orders-db',
  access: 'read',
  image: 'example/helper:1',
  memoryLimit: '512Mi',
  node: null,
  deadlineMs: 60_500,
};

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

  it('runs on Linux only', () => {
    expect(helperPod(spec).spec?.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
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

  it('goes to a node by affinity, past a cordon, and never round the scheduler', () => {
    const { spec: pinned } = helperPod({ ...spec, node: 'node-b' });
    expect(pinned).not.toHaveProperty('nodeName');
    expect(JSON.stringify(pinned?.affinity)).toContain('node-b');
    expect(pinned?.tolerations).toEqual([{ operator: 'Exists', effect: 'NoSchedule' }]);
    expect(helperPod(spec).spec).not.toHaveProperty('affinity');
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
