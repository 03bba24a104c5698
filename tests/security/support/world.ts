import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NKVM_NAMESPACE, SERVICE_PROXY_PATH, TOKEN_HEADER } from '../../../sidecar/api/names.ts';
import { RUN } from '../../cluster/machine/paths.ts';
import { kubeconfigPath } from '../../cluster/support/kubectl.ts';
import { apiThroughServiceProxy } from '../../cluster/support/service-proxy.ts';
import { until } from '../../cluster/support/until.ts';
import { playgroundWorld } from '../../demo/playgroundWorld.ts';
import { type Sidecar, startSidecar } from '../../support/sidecar.ts';
import { type Kube, kubeAt } from './kube.ts';
import { runnerKubeconfig } from './runnerKubeconfig.ts';

/** Files of a volume by their paths. */
export type Files = Record<string, string>;

/** The real sidecar process with the rights of the manifests, on the playground or on a real cluster. */
export interface HostileWorld {
  readonly kind: 'playground' | 'cluster';
  /** The API server, as its administrator. */
  readonly kube: Kube;
  readonly sidecar: Sidecar;
  /**
   * NKVM through the API server's service proxy: a URL to put a path behind. On a cluster it leads to the NKVM that is installed
   * there, and not to `sidecar`.
   */
  readonly proxied: string;
  /** Directory of the programs that helper pods find first; only on the playground. */
  readonly programs?: string;
  /** Makes a namespace in which backups and restores are allowed. It is deleted with the world. */
  namespace(name: string): Promise<void>;
  /** Makes a bound claim that holds these files. */
  claim(namespace: string, name: string, files: Files, metadata?: object): Promise<void>;
  /** Calls the sidecar directly. */
  call(path: string, token?: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

/** @param env settings of the sidecar that differ */
export const hostileWorld = (env: Record<string, string> = {}): Promise<HostileWorld> =>
  process.env.NKVM_TEST_WORLD === 'cluster' ? onCluster(env) : onPlayground(env);

async function onPlayground(env: Record<string, string>): Promise<HostileWorld> {
  const nothing = { objects: [], filled: [] };
  const world = await playgroundWorld('admin', () => undefined, nothing, env);
  const kube = kubeAt(world.kubeUrl);
  return {
    ...common('playground', kube, world.sidecar),
    proxied: world.kubeUrl + SERVICE_PROXY_PATH,
    programs: join(dirname(dirname(world.playground.kubeconfigFor('admin'))), 'bin'),
    namespace: name => openNamespace(kube, name),
    async claim(namespace, name, files, metadata) {
      const spec = { ...CLAIM, storageClassName: 'immediate' };
      await kube.create(claimsOf(namespace), { metadata: { name, ...metadata }, spec });
      const path = () => world.playground.volumePath(namespace, name);
      write(await until(`claim ${namespace}/${name} is bound`, path, 20_000), files);
    },
    stop: () => world.stop(),
  };
}

async function onCluster(env: Record<string, string>): Promise<HostileWorld> {
  const api = await apiThroughServiceProxy();
  const kube = kubeAt(api.origin);
  const made: string[] = [];
  const volumes: string[] = [];
  const home = `hostile-${process.pid}`;
  const directory = join(RUN, 'security', home);
  const runner = await runnerKubeconfig(kube, kubeconfigPath());
  const sidecar = await startSidecar({ NKVM_KUBECONFIG: runner.path, ...env });
  const namespace = async (name: string): Promise<void> => {
    made.push(name);
    await openNamespace(kube, name);
  };
  return {
    ...common('cluster', kube, sidecar),
    proxied: api.origin + SERVICE_PROXY_PATH,
    namespace,
    async claim(namespace, name, files, metadata) {
      const path = join(directory, namespace, name);
      mkdirSync(path, { recursive: true });
      write(path, files);
      const volume = `${home}-${namespace}-${name}`;
      volumes.push(volume);
      await kube.create('/api/v1/persistentvolumes', {
        metadata: { name: volume },
        spec: {
          accessModes: CLAIM.accessModes,
          capacity: CLAIM.resources.requests,
          storageClassName: '',
          persistentVolumeReclaimPolicy: 'Retain',
          claimRef: { namespace, name },
          hostPath: { path, type: 'Directory' },
        },
      });
      await kube.create(claimsOf(namespace), {
        metadata: { name, ...metadata },
        spec: { ...CLAIM, storageClassName: '', volumeName: volume },
      });
      await until(
        `claim ${namespace}/${name} is bound`,
        async () => (await kube.get(`${claimsOf(namespace)}/${name}`)).status.phase === 'Bound',
        20_000
      );
    },
    async stop() {
      await sidecar.remove();
      for (const name of made) await kube.remove(`/api/v1/namespaces/${name}`);
      for (const name of made) {
        await until(
          `namespace ${name} is gone`,
          async () => !(await kube.find(`/api/v1/namespaces/${name}`)),
          60_000
        );
      }
      for (const name of volumes) await kube.remove(`/api/v1/persistentvolumes/${name}`);
      await api.stop();
      runner.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const common = (kind: HostileWorld['kind'], kube: Kube, sidecar: Sidecar) => ({
  ...{ kind, kube, sidecar },
  call: (path: string, token?: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${sidecar.port}${path}`, {
      ...init,
      headers: { ...init.headers, ...(token !== undefined && { [TOKEN_HEADER]: token }) },
    }),
});

const CLAIM = {
  accessModes: ['ReadWriteMany'],
  resources: { requests: { storage: '1Gi' } },
};

const claimsOf = (namespace: string): string =>
  `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;

function write(directory: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

async function openNamespace(kube: Kube, name: string): Promise<void> {
  await kube.create('/api/v1/namespaces', { metadata: { name } });
  for (const role of ['nkvm-runtime', 'nkvm-restore'])
    await kube.bind(name, role, { namespace: NKVM_NAMESPACE, name: 'nkvm-runner' });
}
