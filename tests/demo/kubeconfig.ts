import { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';

/** The cluster that is in use in a kubeconfig. */
export interface KnownCluster {
  kubeConfig: KubeConfig;
  /** Of its API server. */
  url: string;
  /** What a request needs to be one of the kubeconfig's user; to be asked for each time, since credentials end. */
  credentials(): Promise<RequestOptions>;
}

/** @throws Error of one line: the file cannot be read, is no kubeconfig, or has no cluster in use. */
export function readKubeconfig(path: string): KnownCluster {
  const kubeConfig = new KubeConfig();
  try {
    kubeConfig.loadFromFile(path);
  } catch (error) {
    const [why] = (error as Error).message.split('\n');
    throw new Error(`the kubeconfig ${path} cannot be read: ${why}`);
  }
  const url = kubeConfig.getCurrentCluster()?.server;
  if (!url) {
    throw new Error(
      `the kubeconfig ${path} has no cluster in use: choose one with kubectl config use-context`
    );
  }
  return {
    kubeConfig,
    url: url.replace(/\/+$/, ''),
    async credentials() {
      const options: RequestOptions = {};
      await kubeConfig.applyToHTTPSOptions(options);
      return options;
    },
  };
}
