import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { built } from './build.ts';
import { CNI_CONFIG } from './network.ts';
import { containerdSocket, type Node, nodeDirectory, PAUSE_IMAGE, RUN } from './paths.ts';
import { start } from './processes.ts';
import { run } from './run.ts';

/** Containers of a node live here while they run. */
export const runtimeDirectory = (node: Node): string => join(RUN, node.name);

/** Runs containerd's own client against one node, in the namespace that the kubelet uses. */
export const ctr = (node: Node, ...args: string[]): string =>
  run('ctr', ['--address', containerdSocket(node), '--namespace', 'k8s.io', ...args]);

/** Starts a containerd for one node alone: two kubelets on one containerd would end each other's pods. */
export async function startContainerd(node: Node): Promise<void> {
  mkdirSync(nodeDirectory(node), { recursive: true });
  mkdirSync(runtimeDirectory(node), { recursive: true });
  const config = join(nodeDirectory(node), 'containerd.toml');
  writeFileSync(config, configOf(node));
  start(`containerd-${node.name}`, 'containerd', ['--config', config]);
  await until(`containerd of ${node.name} answers`, () => ctr(node, 'version'), 40_000);
  ctr(node, 'images', 'import', built('pause.tar'));
}

/** It uses no directory that another containerd of this machine would use. */
const configOf = (node: Node): string => `version = 2
root = "${nodeDirectory(node)}/containerd"
state = "${runtimeDirectory(node)}"
[grpc]
  address = "${containerdSocket(node)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  # root may lack CAP_SYS_RESOURCE in a container
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${CNI_CONFIG}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "${runtimeDirectory(node)}/runc"
`;
