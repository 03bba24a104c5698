import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import {
  ADMIN_SERVICE_ACCOUNT,
  NKVM_NAMESPACE,
  SERVICE_PROXY_PATH,
} from '../../sidecar/api/names.ts';
import { forwardTo } from '../browser/host/forward.ts';
import { startSidecar } from '../support/sidecar.ts';
import type { World } from './playgroundWorld.ts';

/**
 * A real cluster, with the sidecar beside it. Nothing is changed there: what the plugin sends to the Service of NKVM
 * goes to the sidecar on this machine instead.
 * @throws Error of one line when kubectl is missing, the cluster does not answer, or it lacks NKVM's rights.
 */
export async function realWorld(kubeconfig: string, say: (text: string) => void): Promise<World> {
  say(`Using the cluster of ${kubeconfig}`);
  needAdminAccount(kubeconfig);
  const sidecar = await startSidecar({ NKVM_KUBECONFIG: kubeconfig });
  const proxy = await kubectlProxy(kubeconfig);
  const toCluster = forwardTo(proxy.url);
  const toSidecar = forwardTo(`http://127.0.0.1:${sidecar.port}`);
  const front = http.createServer((req, res) => {
    const path = req.url ?? '/';
    if (path.startsWith(SERVICE_PROXY_PATH)) {
      toSidecar.request(req, res, path.slice(SERVICE_PROXY_PATH.length));
    } else toCluster.request(req, res, path);
  });
  front.on('upgrade', (req, socket, head) => toCluster.upgrade(req, socket, head, req.url ?? '/'));
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    kubeUrl: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    async stop() {
      front.closeAllConnections();
      front.close();
      await proxy.stop();
      await sidecar.remove();
    },
  };
}

/** The plugin proves who it is by a token of this account. */
function needAdminAccount(kubeconfig: string): void {
  const args = ['get', 'serviceaccount', ADMIN_SERVICE_ACCOUNT, '-n', NKVM_NAMESPACE];
  const { error, status, stderr } = spawnSync('kubectl', ['--kubeconfig', kubeconfig, ...args], {
    encoding: 'utf8',
  });
  if (error)
    throw new Error('kubectl is not on PATH: install it, or try the demo without KUBECONFIG');
  if (status === 0) return;
  if (/NotFound/.test(stderr)) {
    throw new Error(
      'the cluster does not know NKVM’s rights yet; give it those, and nothing else, with: ' +
        'kubectl create namespace nkvm && kubectl apply -k deploy/k8s/rbac'
    );
  }
  throw new Error(
    `the cluster of ${kubeconfig} cannot be used: ${stderr.trim().split('\n').at(-1)}`
  );
}

async function kubectlProxy(kubeconfig: string) {
  const args = ['--kubeconfig', kubeconfig, 'proxy', '--address=127.0.0.1', '--port=0'];
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    url: `http://${/127\.0\.0\.1:\d+/.exec(line)?.[0]}`,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
