import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ClusterCheck, ClusterList } from '../../sidecar/api/index.ts';
import { allBlocks, ROOT } from '../docs/support/blocks.ts';
import { run } from './machine/run.ts';
import { kubeconfigPath } from './support/kubectl.ts';
import type { RemoteCluster } from './support/remoteCluster.ts';
import { REMOTE_SERVER, startRemoteCluster } from './support/remoteCluster.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';

/** The commands of the page, in their order. */
const [prepare = '', openNamespace = '', makeKubeconfig = '', writeSecret = ''] = allBlocks()
  .filter(({ page }) => page === 'docs/operations/clusters.md')
  .map(({ text }) => text);

let remote: RemoteCluster;
let proxy: ServiceProxy;
let dir: string;
beforeAll(async () => {
  remote = await startRemoteCluster();
  proxy = await apiThroughServiceProxy();
  dir = mkdtempSync(join(tmpdir(), 'nkvm-remote-'));
});
afterAll(async () => {
  await call('DELETE', '/site-b');
  rmSync(dir, { recursive: true, force: true });
  await proxy.stop();
  await remote.remove();
});

const bash = (text: string, kubeconfig: string): string =>
  run('bash', ['-euc', text], { cwd: dir, env: { ...process.env, KUBECONFIG: kubeconfig } });

async function call(method: string, path = '', body?: object) {
  const answer = await proxy.fetch(`/api/v1/clusters${path}`, token(), {
    method,
    ...(body && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: text === '' ? undefined : JSON.parse(text) };
}

const stateOf = async (name: string) =>
  ClusterList.parse((await call('GET')).body).clusters.find(each => each.name === name);

const kubeconfig = (): string => readFileSync(join(dir, 'site-b.kubeconfig'), 'utf8');

it('is prepared by the commands of the page', () => {
  bash(prepare.replace('deploy/', `${ROOT}/deploy/`), remote.adminKubeconfig);
  remote.kubectl(['create', 'namespace', 'shop']);
  bash(openNamespace, remote.adminKubeconfig);
  const reachable = makeKubeconfig.replace(/^SERVER=.*$/m, `SERVER=${REMOTE_SERVER}`);
  expect(reachable).not.toBe(makeKubeconfig);
  bash(reachable, remote.adminKubeconfig);
  expect(kubeconfig()).toContain(REMOTE_SERVER);
});

it('is checked, added, seen to go down and to come back, and removed', async () => {
  const sent = { name: 'site-b', kubeconfig: kubeconfig() };
  const tried = await call('POST', '', { ...sent, dryRun: true });
  expect(tried.status, tried.text).toBe(200);
  expect(ClusterCheck.parse(tried.body)).toMatchObject({ missing: [], mayTooMuch: false });
  expect(await stateOf('site-b')).toBeUndefined();

  const added = await call('POST', '', sent);
  expect(added.status, added.text).toBe(201);
  const isIn = (state: string) => async () => (await stateOf('site-b'))?.state === state;
  await until('the cluster is ready', isIn('ready'), 60_000);
  expect(await stateOf('site-b')).toMatchObject({ server: REMOTE_SERVER.slice('https://'.length) });

  remote.stopApi();
  await until('the cluster is unreachable', isIn('unreachable'), 120_000);
  await remote.startApi();
  await until('the cluster is ready again', isIn('ready'), 120_000);

  expect((await call('DELETE', '/site-b')).status).toBe(204);
  await until('the cluster is gone', async () => !(await stateOf('site-b')), 60_000);
});

it('is known by a Secret that a person writes', async () => {
  bash(writeSecret, kubeconfigPath());
  const isReady = async () => (await stateOf('site-b'))?.state === 'ready';
  await until('the cluster of the Secret is ready', isReady, 60_000);
});

it('tells nothing of its credentials', async () => {
  const [, secret = '-'] = /token: (\S+)/.exec(kubeconfig()) ?? [];
  const { text } = await call('GET');
  expect(text).toContain('site-b');
  expect(text).not.toContain(secret);
});
