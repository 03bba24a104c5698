import { homedir } from 'node:os';
import { join } from 'node:path';

/** Everything that is built is here, outside of the checkout. After `rm -rf` it is built again. */
export const CACHE = join(homedir(), '.cache/nkvm');

/** What `build.ts` makes: the programs of the cluster. */
export const BUILD = join(CACHE, 'kubernetes');

/**
 * Two clusters can run beside each other. `NKVM_TEST_CLUSTER=remote` makes every program of this directory work with the second one,
 * which NKVM backs up from the first. It has one node, and no Services: the rules of two kube-proxies on one host would replace
 * each other.
 */
export const IS_REMOTE = process.env.NKVM_TEST_CLUSTER === 'remote';

/** In the name of the lock: both may be booted at the same time. */
export const CLUSTER = IS_REMOTE ? 'remote-cluster' : 'cluster';

/** The running cluster: keys, logs, process ids, and the data of etcd, containerd and the volumes. */
export const STATE = join(CACHE, CLUSTER);

/** The administrator's kubeconfig. Other people's tools rely on this path. */
export const ADMIN_KUBECONFIG = join(STATE, 'admin.kubeconfig');

/** Sockets of containerd and mounts of containers; short, because a unix socket's path is. */
export const RUN = IS_REMOTE ? '/run/nkvm-remote' : '/run/nkvm-test';

/** The bridge that connects the pods of all nodes. */
export const BRIDGE = IS_REMOTE ? 'nkvmbr1' : 'nkvmbr0';
export const POD_NETWORK = IS_REMOTE ? '10.97.0.0/16' : '10.98.0.0/16';
export const SERVICE_NETWORK = IS_REMOTE ? '10.95.0.0/16' : '10.96.0.0/16';
/** First address of the service network: what pods call `kubernetes.default`. */
export const API_SERVICE_ADDRESS = IS_REMOTE ? '10.95.0.1' : '10.96.0.1';

export interface Node {
  name: string;
  /** An address on `lo`: the kernel need not have dummy devices. */
  address: string;
  kubeletHealthPort: number;
}

const NODE_A: Node = { name: 'node-a', address: '10.99.0.1', kubeletHealthPort: 10248 };
const NODE_B: Node = { name: 'node-b', address: '10.99.0.2', kubeletHealthPort: 10247 };
const NODE_C: Node = { name: 'node-c', address: '10.99.0.3', kubeletHealthPort: 10246 };
export const NODES = IS_REMOTE ? [NODE_C] : [NODE_A, NODE_B];

/** Where pods reach the API server; the host reaches it on 127.0.0.1, too. */
export const API_ADDRESS = IS_REMOTE ? NODE_C.address : NODE_A.address;
export const API_PORT = IS_REMOTE ? 6444 : 6443;
export const ETCD_PORTS = IS_REMOTE ? [2479, 2480] : [2379, 2380];

/** Name of the sandbox image; never pulled. */
export const PAUSE_IMAGE = 'nkvm.test/pause:1';

export const containerdSocket = (node: Node): string => join(RUN, node.name, 'containerd.sock');

/** What belongs to one node, e.g. its kubelet's directory and `volumes/`. */
export const nodeDirectory = (node: Node): string => join(STATE, node.name);
