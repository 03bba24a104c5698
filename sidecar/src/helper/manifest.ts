import type { Pod } from '../cluster/pods.ts';
import { HELPER_CONTAINER, helperLabels, helperName, VOLUME_PATH, WORK_PATH } from './names.ts';

/** What a helper pod is made from. */
export interface HelperSpec {
  runId: string;
  installation: string;
  claimName: string;
  image: string;
  /** A Kubernetes quantity, e.g. `512Mi`. */
  memoryLimit: string;
  /** The node that the pod must run on; null: any. */
  node: string | null;
  /** The kubelet ends the pod after this time, whatever becomes of us. */
  deadlineMs: number;
}

/** What every helper asks of its node, in MiB. */
export const HELPER_MEMORY_REQUEST_MI = 64;

/**
 * Waits to be told to stop; as process 1 a plain `sleep` would ignore the signal. It then ends as if the signal had
 * killed it: after exit code 0 an evicted pod is `Succeeded`, and never says that it was evicted.
 */
const WAIT = 'trap "exit 143" TERM INT; while :; do sleep 3600 & wait $!; done';

/**
 * The helper pod of a run.
 *
 * It runs as root and may ignore file modes, because a volume's files belong to anybody; it has no other right, no
 * token, no writable root, and the volume is mounted read-only. DAC_OVERRIDE and not the smaller DAC_READ_SEARCH,
 * because Pod Security's level `baseline` allows only the former; on a read-only mount they are the same.
 * No fsGroup: the kubelet would change the group of every file.
 */
export function helperPod(spec: HelperSpec): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: helperName(spec.runId),
      labels: helperLabels(spec.runId, spec.installation),
      annotations: {
        // Asks the cluster autoscaler and mesh injectors to leave a short-lived pod alone.
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
        'sidecar.istio.io/inject': 'false',
      },
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: Math.ceil(spec.deadlineMs / 1000),
      terminationGracePeriodSeconds: 2,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(spec.node === null ? {} : onlyOn(spec.node)),
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: HELPER_CONTAINER,
          image: spec.image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', WAIT],
          securityContext: {
            runAsUser: 0,
            runAsGroup: 0,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], add: ['DAC_OVERRIDE'] },
          },
          resources: {
            requests: {
              cpu: '50m',
              memory: `${HELPER_MEMORY_REQUEST_MI}Mi`,
              'ephemeral-storage': '16Mi',
            },
            limits: { memory: spec.memoryLimit, 'ephemeral-storage': '64Mi' },
          },
          volumeMounts: [
            { name: 'volume', mountPath: VOLUME_PATH, readOnly: true },
            { name: 'work', mountPath: WORK_PATH },
          ],
        },
      ],
      volumes: [
        { name: 'volume', persistentVolumeClaim: { claimName: spec.claimName } },
        { name: 'work', emptyDir: { sizeLimit: '32Mi' } },
      ],
    },
  };
}

/**
 * The node as an affinity and never as `nodeName`, which goes round the scheduler and its checks of the volume. The
 * data lie there, so the node's NoSchedule taints (a cordon is one) do not count.
 */
const onlyOn = (node: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
        ],
      },
    },
  },
  tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
});
