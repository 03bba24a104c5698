import { KubeConfig } from '@kubernetes/client-node';
import { existsSync } from 'node:fs';
import { textOf } from '../../errors.ts';

/** Settings that decide how NKVM connects to the cluster. */
export interface ConnectionSettings {
  mode: 'auto' | 'in-cluster' | 'kubeconfig';
  /** Path of a kubeconfig. */
  kubeconfig: string | undefined;
  /** Name of the cluster in archive names. */
  name: string | undefined;
}

export interface Connection {
  kubeConfig: KubeConfig;
  /** Name of the cluster in archive names: lower-case letters, digits and dashes. */
  clusterName: string;
  /** Whether this process runs in a pod of that cluster. */
  inPod: boolean;
}

/** Where the kubelet mounts a pod's own token. */
const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Finds the cluster. No request is made.
 * @throws Error of one line that says which kubeconfig or pod token is missing, and which setting names another.
 */
export function connect({ mode, kubeconfig, name }: ConnectionSettings): Connection {
  const kubeConfig = new KubeConfig();
  const inPod = mode === 'in-cluster' || (mode === 'auto' && !kubeconfig && existsSync(POD_TOKEN));
  if (inPod) {
    if (!existsSync(POD_TOKEN)) {
      throw new Error(
        `${POD_TOKEN} does not exist: this process does not run in a pod with a ServiceAccount token; ` +
          'set NKVM_DEFAULT_AUTH_MODE=kubeconfig to use a kubeconfig'
      );
    }
    kubeConfig.loadFromCluster();
    return { kubeConfig, clusterName: name ?? 'cluster', inPod };
  }
  const what = kubeconfig ? `the kubeconfig ${kubeconfig}` : 'the default kubeconfig';
  try {
    if (kubeconfig) kubeConfig.loadFromFile(kubeconfig);
    else kubeConfig.loadFromDefault();
  } catch (error) {
    throw new Error(
      `${what} cannot be read (${firstLine(
        error
      )}); set NKVM_KUBECONFIG to the path of a readable one`
    );
  }
  if (!kubeConfig.getCurrentCluster()) {
    throw new Error(
      `${what} names no current context with a cluster; choose one with kubectl config use-context`
    );
  }
  return { kubeConfig, clusterName: name ?? asName(kubeConfig.getCurrentContext()), inPod };
}

/** @returns a context's name as a part of a file's name. */
export const asName = (context: string): string =>
  context
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '') || 'cluster';

const firstLine = (error: unknown): string => textOf(error).split('\n')[0] ?? '';
