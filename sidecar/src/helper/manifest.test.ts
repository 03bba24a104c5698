import { describe, expect, it } from 'vitest';
import { helperPod } from './manifest.ts';

const spec = {
  runId: '01j',
  installation: 'abc',
  claimName: 'orders-db',
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

  it('leaves the files’ groups alone', () => {
    expect(helperPod(spec).spec?.securityContext).not.toHaveProperty('fsGroup');
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
        name: 'nkvm-backup-01j',
        labels: {
          'app.kubernetes.io/component': 'backup-helper',
          'nkvm.io/run': '01j',
          'nkvm.io/installation': 'abc',
        },
      },
      spec: { activeDeadlineSeconds: 61 },
    });
  });
});
