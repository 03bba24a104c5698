import type { Pod } from '../cluster/pods.ts';
import type { HelperId } from './names.ts';
import { HELPER_CONTAINER, helperLabels, helperNames, VOLUME_PATH, WORK_PATH } from './names.ts';

/** What a helper pod is made from. */
export interface HelperSpec extends HelperId {
  claimName: string;
  /** `write` mounts the volume read-write, for a restore. */
  access: 'read' | 'write';
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
 * The pod keeps the index of its archive until it is fetched: 10 million entries take 150 MB. The kubelet evicts a pod
 * whose work volume grows beyond its limit, so a bigger index is deleted before.
 */
export const INDEX_LIMIT_BYTES = 192 * 1024 * 1024;

/**
 * Waits to be told to stop; as process 1 a plain `sleep` would ignore the signal. It then ends as if the signal had
 * killed it: after exit code 0 an evicted pod is `Succeeded`, and never says that it was evicted.
 */
const WAIT = 'trap "exit 143" TERM INT; while :; do sleep 3600 & wait $!; done';

/**
 * The helper pod of a run.
 *
 * It runs as root and may ignore file modes, because a volume's files belong to anybody; it has no other right, no
 * token and no writable root. No fsGroup: the kubelet would change the group of every file.
 *
 * To read, the claim itself is read-only in the pod, and not only its mount: otherwise a node with SELinux gives every file
 * the label of the helper, and the application that uses the volume loses access (velero-io/velero#8243). DAC_OVERRIDE
 * and not the smaller DAC_READ_SEARCH, because Pod Security's level `baseline` allows only the former; on a read-only mount
 * they are the same. `recursiveReadOnly` covers file systems that are mounted inside a hostPath or local volume, where
 * Kubernetes (1.31), container runtime and kernel (5.12) can do it.
 *
 * To write, it may also do what tar does to restored files: set their owner and mode, make devices, and give them file
 * capabilities. All of these are in the container default set, which `baseline` allows.
 * @param name one of `helperNames`
 */
export function helperPod(spec: HelperSpec, name = helperNames(spec)[0]): Pod {
  const isReader = spec.access === 'read';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: helperLabels(spec),
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
      nodeSelector: { 'kubernetes.io/os': 'linux' },
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
            capabilities: {
              drop: ['ALL'],
              add: isReader ? ['DAC_OVERRIDE'] : RESTORE_CAPABILITIES,
            },
          },
          resources: {
            requests: {
              cpu: '50m',
              memory: `${HELPER_MEMORY_REQUEST_MI}Mi`,
              'ephemeral-storage': '16Mi',
            },
            limits: { memory: spec.memoryLimit, 'ephemeral-storage': '320Mi' },
          },
          volumeMounts: [
            {
              name: 'volume',
              mountPath: VOLUME_PATH,
              ...(isReader ? { readOnly: true, recursiveReadOnly: 'IfPossible' } : {}),
            },
            { name: 'work', mountPath: WORK_PATH },
          ],
        },
      ],
      volumes: [
        {
          name: 'volume',
          persistentVolumeClaim: { claimName: spec.claimName, readOnly: isReader },
        },
        { name: 'work', emptyDir: { sizeLimit: '256Mi' } },
      ],
    },
  };
}

/** What tar needs to restore owners, modes, devices and file capabilities. */
export const RESTORE_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'MKNOD',
  'SETFCAP',
];

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
