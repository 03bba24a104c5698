import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { built } from './build.ts';
import { certificate, key, kubeconfig } from './certificates.ts';
import { cgroupOf, makeCgroups } from './cgroups.ts';
import { containerdSocket, type Node, nodeDirectory } from './paths.ts';
import { start } from './processes.ts';

/** The kubelet's own directory of a node. */
export const kubeletDirectory = (node: Node): string => join(nodeDirectory(node), 'kubelet');

/** Starts the kubelet of a node whose containerd answers. */
export function startKubelet(node: Node): void {
  makeCgroups(node);
  const config = join(nodeDirectory(node), 'kubelet.json');
  writeFileSync(config, JSON.stringify(configOf(node), null, 2));
  start(`kubelet-${node.name}`, built('cluster'), [
    'kubelet',
    `--config=${config}`,
    `--kubeconfig=${kubeconfig(node.name)}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${node.address}`,
    `--root-dir=${kubeletDirectory(node)}`,
  ]);
}

const configOf = (node: Node): object => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: node.address,
  healthzPort: node.kubeletHealthPort,
  containerRuntimeEndpoint: `unix://${containerdSocket(node)}`,
  // a kubelet deletes the logs of pods that it does not know: each needs its own directory
  podLogsDir: join(nodeDirectory(node), 'pod-logs'),
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: certificate('ca') },
  },
  authorization: { mode: 'Webhook' },
  tlsCertFile: certificate(node.name),
  tlsPrivateKeyFile: key(node.name),
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${cgroupOf(node)}`,
  enforceNodeAllocatable: [],
  failCgroupV1: false,
  failSwapOn: false,
  resolvConf: '',
  // the disk is the machine's, and imported images cannot be pulled again: keep them
  evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  kubeAPIQPS: 200,
  kubeAPIBurst: 400,
});
