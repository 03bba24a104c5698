import { createServer } from 'node:net';
import { API_PORT, ETCD_PORTS } from './paths.ts';

/** The API server and etcd. The others are either on addresses of our own, or not worth an early look. */
const PORTS = [API_PORT, ...ETCD_PORTS];

/** @throws Error that names the ports which another program of this machine listens on. */
export async function needFreePorts(): Promise<void> {
  const taken: number[] = [];
  for (const port of PORTS) if (!(await isFree(port))) taken.push(port);
  if (taken.length === 0) return;
  throw new Error(
    `port ${taken.join(
      ', '
    )} is taken: does another Kubernetes run here? Stop it, or point KUBECONFIG at it`
  );
}

const isFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
