import type { World } from './world.ts';

/** A Kubernetes that is held to the contract. */
export interface ContractCluster {
  /** Path of a kubeconfig of somebody who may do everything. */
  kubeconfig: string;
  /** An empty namespace for the suite alone. The code that created it deletes it. */
  namespace: string;
  /** An image with sh, GNU coreutils and Node, which the nodes have already. */
  image: string;
  /** An image that cannot be pulled. */
  missingImage: string;
  /** It has just been started and still knows its first version. */
  remembersAll: boolean;
}

/** Something that the product relies on, and both clusters do. */
export interface Behaviour {
  /** A sentence on the cluster, in the present tense; the list in the documentation is made of them. */
  says: string;
  /** The cluster must have forgotten its first version; a Kubernetes does so in its first ten minutes. */
  needsPast?: true;
  /** @throws Error when the cluster does otherwise. */
  holds(world: World): Promise<void>;
}

export interface Area {
  /** Heading in the documentation. */
  title: string;
  behaviours: readonly Behaviour[];
}
