import type { Pod } from '../cluster/gateway/pods.ts';
import { INJECTION_OPT_OUTS } from './injectors.ts';
import type { HelperId } from './names.ts';
import { HELPER_CONTAINER, helperLabels, helperNames, VOLUME_PATH, WORK_PATH } from './names.ts';
import type { Fitted } from './refusal/fitResources.ts';
import type { HelperSettings, Resources, Toleration } from './settings/settings.ts';

/** The inputs of a helper pod's manifest. */
export interface HelperSpec extends HelperId {
  claimName: string;
  /** `write` mounts the volume read-write, for a restore. */
  access: 'read' | 'write';
  settings: HelperSettings;
  /** The node that the pod must run on; null: any. */
  node: string | null;
  /** Tolerations for that node. */
  nodeTolerations?: readonly Toleration[];
  /** The kubelet ends the pod after this time, whatever becomes of us. */
  deadlineMs: number;
}

/**
 * The pod keeps the index of its archive until it is fetched: 10 million entries take 150 MB. The kubelet evicts a pod
 * whose work volume grows beyond its limit, so a bigger index is deleted before.
 */
export const INDEX_LIMIT_BYTES = 192 * 1024 * 1024;

/**
 * Waits for a signal to stop; as process 1 a plain `sleep` would ignore the signal. It then ends as if the signal had
 * killed it: after exit code 0 an evicted pod is `Succeeded`, and never says that it was evicted.
 */
const WAIT = 'trap "exit 143" TERM INT; while :; do sleep 3600 & wait $!; done';

/** Resources that were adapted to the limits of the namespace. */
export const FITTED_ANNOTATION = 'nkvm.io/fitted';

/** Local storage is not a setting: the work volume needs it. */
const STORAGE = { request: '16Mi', limit: '320Mi' };

/** @returns what a helper pod asks for where its namespace has no limits. */
export const wantedResources = ({
  resources: { requests, limits },
}: HelperSettings): Resources => ({
  requests: { ...requests, 'ephemeral-storage': STORAGE.request },
  limits: { ...limits, 'ephemeral-storage': STORAGE.limit },
});

/**
 * The helper pod of a run.
 *
 * By default it runs as root and may ignore file modes, because a volume's files belong to anybody; it has no other right,
 * no token and no writable root. Another user has no capability at all: outside of root's hands it would do nothing. No
 * fsGroup: the kubelet would change the group of every file.
 *
 * To read, the claim itself is read-only in the pod, and not only its mount: otherwise a node with SELinux gives every file
 * the label of the helper, and the application that uses the volume loses access (velero-io/velero#8243). It is also the
 * only way that drivers allow for a ReadOnlyMany claim. DAC_OVERRIDE and not the smaller DAC_READ_SEARCH, because Pod
 * Security's level `baseline` allows only the former; on a read-only mount they are the same. `recursiveReadOnly` covers
 * file systems that are mounted inside a hostPath or local volume, where Kubernetes (1.31), container runtime and kernel
 * (5.12) can do it.
 *
 * To write, it may also do what tar does to restored files: set their owner and mode, make devices, and give them file
 * capabilities. All of these are in the container default set, which `baseline` allows.
 * @param name one of `helperNames`
 * @param fitted by default, resources are what the settings say
 */
export function helperPod(
  spec: HelperSpec,
  name = helperNames(spec)[0],
  { resources, changes }: Pick<Fitted, 'resources' | 'changes'> = {
    resources: wantedResources(spec.settings),
    changes: [],
  }
): Pod {
  const { settings } = spec;
  const isReader = spec.access === 'read';
  const capabilities = isReader ? ['DAC_OVERRIDE'] : RESTORE_CAPABILITIES;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { ...INJECTION_OPT_OUTS.labels, ...settings.labels, ...helperLabels(spec) },
      annotations: {
        ...INJECTION_OPT_OUTS.annotations,
        ...STAY,
        ...settings.annotations,
        ...(changes.length > 0 && { [FITTED_ANNOTATION]: changes.join(', ') }),
      },
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: Math.ceil(spec.deadlineMs / 1000),
      terminationGracePeriodSeconds: 2,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...where(spec),
      ...(settings.priorityClass && { priorityClassName: settings.priorityClass }),
      ...(settings.serviceAccount && { serviceAccountName: settings.serviceAccount }),
      ...(settings.pullSecrets.length > 0 && {
        imagePullSecrets: settings.pullSecrets.map(secret => ({ name: secret })),
      }),
      securityContext: {
        seccompProfile: { type: 'RuntimeDefault' },
        ...(settings.supplementalGroups.length > 0 && {
          supplementalGroups: [...settings.supplementalGroups],
        }),
        ...(settings.seLinuxOptions && { seLinuxOptions: settings.seLinuxOptions }),
      },
      containers: [
        {
          name: HELPER_CONTAINER,
          image: settings.image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', WAIT],
          securityContext: {
            runAsUser: settings.runAsUser,
            runAsGroup: settings.runAsGroup,
            ...(settings.runAsUser !== 0 && { runAsNonRoot: true }),
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: {
              drop: ['ALL'],
              ...(settings.runAsUser === 0 && { add: [...capabilities] }),
            },
          },
          resources: { requests: { ...resources.requests }, limits: { ...resources.limits } },
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

/** Asks the cluster autoscaler and Karpenter not to remove the node of a pod that works. */
const STAY = {
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
  'karpenter.sh/do-not-disrupt': 'true',
};

/** Capabilities that tar needs to restore owners, modes, devices and file capabilities. */
export const RESTORE_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'MKNOD',
  'SETFCAP',
];

const LINUX = { 'kubernetes.io/os': 'linux' };

/**
 * Where the pod may run: on Linux, and an architecture that the image is built for.
 *
 * A node is named as an affinity and never as `nodeName`, which goes round the scheduler and its checks of the volume. The
 * data lie there, so that the node selector of the settings does not count, and neither do the taints by which people keep pods
 * away from the node (a cordon is one).
 */
function where({ node, nodeTolerations = [], settings }: HelperSpec) {
  const ofImage = {
    key: 'kubernetes.io/arch',
    operator: 'In',
    values: [...settings.architectures],
  };
  const onlyThere = { key: 'metadata.name', operator: 'In', values: [node ?? ''] };
  const tolerations = [...nodeTolerations, ...settings.tolerations];
  return {
    nodeSelector: node === null ? { ...settings.nodeSelector, ...LINUX } : LINUX,
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            {
              matchExpressions: [ofImage],
              ...(node === null ? {} : { matchFields: [onlyThere] }),
            },
          ],
        },
      },
    },
    ...(tolerations.length > 0 && { tolerations }),
  };
}
