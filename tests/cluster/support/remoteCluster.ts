import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CACHE } from '../machine/paths.ts';
import { run, runAloud } from '../machine/run.ts';
import type { Kubectl } from './kubectl.ts';
import { kubectlOf } from './kubectl.ts';
import { until } from './until.ts';

/** Where the API server of the second cluster is, for pods of the first one as well. Not the loopback. */
export const REMOTE_SERVER = 'https://10.99.0.3:6444';

const ROOT = join(import.meta.dirname, '../../..');
const STATE = join(CACHE, 'remote-cluster');
const AS_REMOTE = { cwd: ROOT, env: { ...process.env, NKVM_TEST_CLUSTER: 'remote' } };

/** A second cluster beside the test cluster, with one node and the image of NKVM on it. NKVM does not run in it. */
export interface RemoteCluster {
  /** As its administrator. */
  kubectl: Kubectl;
  adminKubeconfig: string;
  /** @returns the kubeconfig that a person would paste: of the ServiceAccount of deploy/k8s/remote. */
  kubeconfig(): Promise<string>;
  /** Ends the API server: connections are refused. */
  stopApi(): void;
  /** Starts it again, and waits until it is ready. */
  startApi(): Promise<void>;
  /** Ends it and removes all that it had. */
  remove(): Promise<void>;
}

/** Boots the second cluster, unless it is up, and applies deploy/k8s/remote there. */
export async function startRemoteCluster(): Promise<RemoteCluster> {
  await runAloud('node', ['tests/cluster/up.ts'], AS_REMOTE);
  await runAloud('node', ['deploy/image/build.ts', '--import'], AS_REMOTE);
  const adminKubeconfig = join(STATE, 'admin.kubeconfig');
  const kubectl = kubectlOf(adminKubeconfig);
  kubectl(['apply', '--server-side', '--kustomize', join(ROOT, 'deploy/k8s/remote')]);
  return {
    ...{ kubectl, adminKubeconfig },
    async kubeconfig() {
      const secret = ['get', 'secret', 'nkvm-runner-token', '--namespace=nkvm'];
      const data = (key: string) => kubectl([...secret, `--output=jsonpath={.data.${key}}`]);
      const token = await until('the ServiceAccount has a token', () => data('token'), 30_000);
      return kubeconfigOf(Buffer.from(token, 'base64').toString(), data('ca\\.crt'));
    },
    stopApi: () => process.kill(pidOfApi(), 'SIGKILL'),
    async startApi() {
      const start =
        "import('./tests/cluster/machine/control-plane.ts').then(m => m.startApiServer())";
      run('node', ['--input-type=module', '--eval', start], AS_REMOTE);
      await until('the API server answers', () => kubectl(['get', '--raw', '/readyz']), 60_000);
    },
    remove: () => runAloud('node', ['tests/cluster/down.ts'], AS_REMOTE),
  };
}

const pidOfApi = (): number =>
  Number.parseInt(readFileSync(join(STATE, 'pid/kube-apiserver'), 'utf8'), 10);

const kubeconfigOf = (token: string, authority: string): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'remote',
        cluster: { server: REMOTE_SERVER, 'certificate-authority-data': authority },
      },
    ],
    users: [{ name: 'nkvm', user: { token } }],
    contexts: [{ name: 'remote', context: { cluster: 'remote', user: 'nkvm' } }],
    'current-context': 'remote',
  });
