import { join } from 'node:path';
import { until } from '../support/until.ts';
import { adminKubectl } from './admin-kubectl.ts';
import { built } from './build.ts';
import { kubeconfig } from './certificates.ts';
import { kubeletDirectory } from './kubelet.ts';
import { type Node, nodeDirectory, NODES } from './paths.ts';
import { start } from './processes.ts';

const CLIENT = [
  `--kubeconfig=${kubeconfig('control-plane')}`,
  '--kube-api-qps=200',
  '--kube-api-burst=400',
];

/** Starts the CSI driver on each node, csi-provisioner and csi-snapshotter beside it, and one snapshot controller. */
export async function startStorage(): Promise<void> {
  adminKubectl('apply', '-f', built('crd'));
  start('snapshot-controller', built('snapshot-controller'), [
    ...CLIENT,
    '--enable-distributed-snapshotting',
    '--feature-gates=CSIVolumeGroupSnapshot=false',
  ]);
  NODES.forEach(startOn);
  const classes = join(import.meta.dirname, 'storage.yaml');
  await until(
    'the kinds of snapshots are served',
    () => adminKubectl('apply', '-f', classes),
    40_000
  );
}

function startOn(node: Node): void {
  const socket = join(kubeletDirectory(node), 'plugins/csi.nkvm.test/csi.sock');
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_NAME: node.name };
  delete env.KUBECONFIG; // the provisioner would prefer it to its flag
  const flags = [...CLIENT, `--csi-address=${socket}`, '--node-deployment', '--timeout=5m'];
  const retry = ['--retry-interval-start=200ms', '--retry-interval-max=3s'];
  const driver = [
    '-node',
    node.name,
    '-kubelet-root',
    kubeletDirectory(node),
    '-data',
    nodeDirectory(node),
  ];
  start(`csi-driver-${node.name}`, built('csi-driver'), driver);
  start(
    `csi-provisioner-${node.name}`,
    built('csi-provisioner'),
    [...flags, ...retry, '--node-deployment-base-delay=200ms', '--strict-topology'],
    env
  );
  start(`csi-snapshotter-${node.name}`, built('csi-snapshotter'), [...flags, ...retry], env);
}
