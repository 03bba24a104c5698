import type { KubeConfig } from '@kubernetes/client-node';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { failureOfCredentials } from './apiFailure.ts';

/**
 * @returns what gives the options of a request as the current user of the kubeconfig. `isFresh` reads a token from its
 * file even when it was read a moment ago (client-node keeps it for a minute). It throws an ApiFailure when the
 * credentials cannot be had.
 */
export const credentialsOf =
  (kubeConfig: KubeConfig) =>
  async (isFresh = false): Promise<RequestOptions> => {
    const options: RequestOptions = { headers: {} };
    try {
      await kubeConfig.applyToHTTPSOptions(options);
      const file = kubeConfig.getCurrentUser()?.authProvider?.config?.tokenFile;
      if (isFresh && typeof file === 'string') {
        const token = (await readFile(file, 'utf8')).trim();
        options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
      }
    } catch (error) {
      throw failureOfCredentials(error);
    }
    // client-node keeps its agent for ever, with the certificates of its first call. Node's own takes them from each
    // request, so that rotated ones are used. Only an agent for a proxy is needed.
    if (!kubeConfig.getCurrentCluster()?.proxyUrl) delete options.agent;
    return options;
  };
