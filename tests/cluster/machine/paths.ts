import { homedir } from 'node:os';
import { join } from 'node:path';

/** Everything that is made lies here, outside of the checkout: `rm -rf` of it only costs time. */
export const CACHE = join(homedir(), '.cache/nkvm');

/** What `build.ts` makes: the programs of the cluster. */
export const BUILD = join(CACHE, 'kubernetes');

/** The running cluster: keys, logs, process ids, and the data of etcd, containerd and the volumes. */
export const STATE = join(CACHE, 'cluster');

/** The administrator's kubeconfig. Other people's tools rely on this path. */
export const ADMIN_KUBECONFIG = join(STATE, 'admin.kubeconfig');

/** Sockets of containerd and mounts of containers; short, because a unix socket's path is. */
export const RUN = '/run/nkvm-test';

/** The bridge that the pods of both nodes hang on. */
export const BRIDGE = 'nkvmbr0';
export const POD_NETWORK = '10.98.0.0/16';
export const SERVICE_NETWORK = '10.96.0.0/16';

export interface Node {
  name: string;
  /** An address on `lo`: the kernel need not have dummy devices. */
  address: string;
  kubeletHealthPort: number;
}

const NODE_A: Node = { name: 'node-a', address: '10.99.0.1', kubeletHealthPort: 10248 };
const NODE_B: Node = { name: 'node-b', address: '10.99.0.2', kubeletHealthPort: 10247 };
export const NODES = [NODE_A, NODE_B];

/** Where pods reach the API server; the host reaches it on 127.0.0.1, too. */
export const API_ADDRESS = NODE_A.address;
export const API_PORT = 6443;

/** Name of the sandbox image; never pulled. */
export const PAUSE_IMAGE = 'nkvm.test/pause:1';

export const containerdSocket = (node: Node): string => join(RUN, node.name, 'containerd.sock');

/** What belongs to one node, e.g. its kubelet's directory and `volumes/`. */
export const nodeDirectory = (node: Node): string => join(STATE, node.name);
