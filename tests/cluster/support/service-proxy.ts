import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { SERVICE_PROXY_PATH, TOKEN_HEADER } from '../../../sidecar/api/names.ts';
import { kubeconfigPath } from './kubectl.ts';

/** The sidecar as the plugin reaches it: through the API server's service proxy. */
export interface ServiceProxy {
  /** Where `kubectl proxy` listens, e.g. `http://127.0.0.1:41234`: the API server, as the kubeconfig's user. */
  readonly origin: string;
  /**
   * Calls the sidecar.
   * @param path from the sidecar's root, e.g. `/api/v1/volumes`.
   * @param token travels in the header that the plugin uses; absent: none.
   */
  fetch(path: string, token?: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

/** Starts a `kubectl proxy` on a free port of 127.0.0.1. */
export async function apiThroughServiceProxy(
  kubeconfig: string = kubeconfigPath()
): Promise<ServiceProxy> {
  const args = [`--kubeconfig=${kubeconfig}`, 'proxy', '--address=127.0.0.1', '--port=0'];
  const proxy = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(proxy, 'exit');
  const [line] = (await Promise.race([
    once(createInterface(proxy.stdout), 'line'),
    ended.then(([code]) => {
      throw new Error(`kubectl proxy ended with ${code}`);
    }),
  ])) as [string];
  const address = /127\.0\.0\.1:\d+/.exec(line)?.[0];
  if (!address) throw new Error(`kubectl proxy says no address: ${line}`);
  const origin = `http://${address}`;
  return {
    origin,
    fetch(path, token, init = {}) {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set(TOKEN_HEADER, token);
      return fetch(origin + SERVICE_PROXY_PATH + path, { ...init, headers });
    },
    async stop() {
      proxy.kill();
      await ended;
    },
  };
}
