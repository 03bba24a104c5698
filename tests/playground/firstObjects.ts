import { arch, availableParallelism, platform, release, totalmem } from 'node:os';
import { VERSION } from './api/version.ts';
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES } from './auth/builtinRoles.ts';
import { DRIVER, TOPOLOGY_LABEL } from './controllers/claimStep.ts';
import type { Objects } from './objects/objects.ts';
import { kindNamed } from './store/kinds.ts';
import type { Draft, Node } from './store/object.ts';
import { seconds } from './store/time.ts';

/** What is there before anybody has asked for anything. */
export function createFirstObjects(
  objects: Objects,
  nodes: readonly string[],
  now: () => Date
): void {
  const create = (resource: string, namespace: string | undefined, draft: Draft) =>
    objects.create(kindNamed(resource), namespace, draft);

  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) {
    create('namespaces', undefined, { metadata: { name } });
  }
  CLUSTER_ROLES.forEach(role => create('clusterroles.rbac.authorization.k8s.io', undefined, role));
  CLUSTER_ROLE_BINDINGS.forEach(binding =>
    create('clusterrolebindings.rbac.authorization.k8s.io', undefined, binding)
  );
  nodes.forEach((name, index) => createNode(objects, name, `10.99.0.${index + 1}`, seconds(now())));
  create('csidrivers.storage.k8s.io', undefined, {
    metadata: { name: DRIVER },
    spec: { attachRequired: false, podInfoOnMount: false, volumeLifecycleModes: ['Persistent'] },
  });
  create('storageclasses.storage.k8s.io', undefined, {
    metadata: {
      name: 'fast',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: DRIVER,
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  create('storageclasses.storage.k8s.io', undefined, {
    metadata: { name: 'immediate' },
    provisioner: DRIVER,
    volumeBindingMode: 'Immediate',
  });
  create('services', 'default', {
    metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
  });
}

/** A node that is this machine under another name. */
function createNode(objects: Objects, name: string, address: string, at: string): void {
  const kind = kindNamed('nodes');
  const node = objects.create<Node>(kind, undefined, {
    metadata: {
      name,
      labels: {
        'kubernetes.io/arch': arch() === 'x64' ? 'amd64' : arch(),
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': platform(),
        [TOPOLOGY_LABEL]: name,
      },
    },
    spec: {},
  });
  const resources = {
    cpu: `${availableParallelism()}`,
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: '110',
  };
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: at,
    lastTransitionTime: at,
  });
  objects.change(kind, node, 'status', next => {
    next.status = {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      capacity: resources,
      allocatable: resources,
      conditions: [
        condition(
          'MemoryPressure',
          'False',
          'KubeletHasSufficientMemory',
          'kubelet has sufficient memory available'
        ),
        condition(
          'DiskPressure',
          'False',
          'KubeletHasNoDiskPressure',
          'kubelet has no disk pressure'
        ),
        condition(
          'PIDPressure',
          'False',
          'KubeletHasSufficientPID',
          'kubelet has sufficient PID available'
        ),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ],
      nodeInfo: {
        architecture: arch() === 'x64' ? 'amd64' : arch(),
        bootID: '',
        containerRuntimeVersion: `playground://${process.version}`,
        kernelVersion: release(),
        kubeProxyVersion: '',
        kubeletVersion: VERSION.gitVersion,
        machineID: '',
        operatingSystem: platform(),
        osImage: 'Playground',
        systemUUID: '',
      },
    };
  });
}
