import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { kubeConfigFor, ListWatchServer } from '../../../tests/support/listWatchServer.ts';
import { gatewayOf } from '../cluster/gateway/gateway.ts';
import { watchClusterSecrets } from '../cluster/inventory/clusterSecrets.ts';
import { watchLimits } from '../cluster/watch/watchCache.ts';
import { kubeconfigText, TEST_TOKEN } from '../testing/cluster/kubeconfigText.ts';
import { connectionsOf } from './connections.ts';
import { watchClusterFiles } from './sources/clusterFiles.ts';

const PATH = '/api/v1/namespaces/nkvm/secrets';

const secret = (name: string, cluster: string, kubeconfig: string | undefined, second = 0) => ({
  metadata: {
    ...{ namespace: 'nkvm', name, labels: { 'nkvm.io/cluster': cluster } },
    creationTimestamp: `2026-01-01T00:00:0${second}Z`,
  },
  data: kubeconfig === undefined ? {} : { kubeconfig: Buffer.from(kubeconfig).toString('base64') },
});
const eventually = <T>(look: () => T) => expect.poll(look, { interval: 5, timeout: 10_000 });

async function connected({ dir }: { dir?: string } = {}) {
  const server = new ListWatchServer();
  const port = await server.listen();
  onTestFinished(() => server.close());
  const logged: string[] = [];
  const log = {
    info: (about: object, text: string) => logged.push(`${JSON.stringify(about)} ${text}`),
    warn: (about: object, text: string) => logged.push(`${JSON.stringify(about)} ${text}`),
  };
  const limits = { ...watchLimits, retryMs: () => 5 };
  const gateway = gatewayOf(kubeConfigFor(port));
  const secrets = watchClusterSecrets(gateway, { namespace: 'nkvm', log, limits });
  onTestFinished(() => secrets.stop());
  const files = dir === undefined ? undefined : watchClusterFiles(dir, 20);
  onTestFinished(() => files?.stop());
  await Promise.all([secrets.firstAnswer, files?.firstAnswer]);
  const connections = connectionsOf({
    ...{ secrets, files, log },
    ownName: 'home',
    isLoopbackAllowed: false,
  });
  onTestFinished(() => connections.stop());
  const names = () => connections.all().map(({ name }) => name);
  const reasons = () => connections.refused().map(({ problem }) => problem.reason);
  return { server, connections, names, reasons, logged };
}

it('knows the clusters of Secrets with the label, and asks for no other Secrets', async () => {
  const { server, names, reasons } = await connected();
  server.put(PATH, secret('one', 'site-b', kubeconfigText()));
  server.put(PATH, secret('two', 'site-a', kubeconfigText()));
  await eventually(names).toEqual(['site-a', 'site-b']);
  expect(reasons()).toEqual([]);
  expect(new Set(server.requests.map(({ query }) => query.labelSelector))).toEqual(
    new Set(['nkvm.io/cluster'])
  );
});

it('puts replaced credentials into the same object, and says so', async () => {
  const { server, connections, names } = await connected();
  server.put(PATH, secret('one', 'site-b', kubeconfigText()));
  await eventually(names).toEqual(['site-b']);
  const [before] = connections.all();
  let calls = 0;
  connections.onChange(() => (calls += 1));
  server.put(PATH, secret('one', 'site-b', kubeconfigText({ user: { token: 'another' } })));
  const token = () => before?.kubeConfig.getCurrentUser()?.token;
  await eventually(token).toBe('another');
  expect(connections.all()[0]).toBe(before);
  expect(calls).toBe(1);
});

it('forgets a cluster whose Secret is deleted, or holds what is refused', async () => {
  const { server, names, reasons } = await connected();
  server.put(PATH, secret('one', 'site-a', kubeconfigText()));
  server.put(PATH, secret('two', 'site-b', kubeconfigText()));
  await eventually(names).toEqual(['site-a', 'site-b']);
  server.remove(PATH, 'one', 'nkvm');
  await eventually(names).toEqual(['site-b']);
  server.put(PATH, secret('two', 'site-b', kubeconfigText({ user: { exec: { command: 'x' } } })));
  await eventually(names).toEqual([]);
  expect(reasons()).toEqual(['KubeconfigFieldRefused']);
});

it('refuses names that are not possible, and never lets a new Secret take a name', async () => {
  const { server, connections, names, reasons } = await connected();
  server.put(PATH, secret('z-first', 'site-b', kubeconfigText(), 1));
  server.put(PATH, secret('a-second', 'site-b', kubeconfigText(), 2));
  server.put(PATH, secret('own', 'home', kubeconfigText(), 3));
  server.put(PATH, secret('odd', 'Site.B', kubeconfigText(), 4));
  server.put(PATH, secret('none', '', kubeconfigText(), 5));
  server.put(PATH, secret('empty', 'site-c', undefined, 6));
  await eventually(reasons).toEqual([
    ...['ClusterNameRefused', 'ClusterNameRefused', 'ClusterNameRefused', 'ClusterNameRefused'],
    'KubeconfigUnreadable',
  ]);
  expect(names()).toEqual(['site-b']);
  expect(connections.all()[0]?.source).toEqual({ kind: 'secret', name: 'z-first' });
  expect(connections.refused().map(({ source }) => source.name)).toEqual([
    ...['a-second', 'own', 'odd', 'none', 'empty'],
  ]);
  server.remove(PATH, 'z-first', 'nkvm');
  await eventually(() => connections.all()[0]?.source.name).toBe('a-second');
});

it('logs what it refuses, once and without the kubeconfig', async () => {
  const { server, reasons, logged } = await connected();
  server.put(PATH, secret('one', 'site-a', kubeconfigText({ cluster: { server: 'http://x' } })));
  await eventually(reasons).toEqual(['KubeconfigFieldRefused']);
  server.put(PATH, secret('two', 'site-b', kubeconfigText()));
  await eventually(() => logged.filter(line => line.includes('is known')).length).toBe(1);
  expect(logged.filter(line => line.includes('not an https URL'))).toHaveLength(1);
  expect(logged.join()).not.toContain(TEST_TOKEN);
});

it('knows the kubeconfigs of a directory, also when a mounted Secret is replaced', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nkvm-clusters-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  // As the kubelet mounts a Secret: files are links into a directory that is itself a link.
  const version = async (name: string, token: string) => {
    await mkdir(join(dir, name));
    await writeFile(join(dir, name, 'site-d.yaml'), kubeconfigText({ user: { token } }));
    await rm(join(dir, '..data'), { force: true });
    await symlink(name, join(dir, '..data'));
  };
  await version('..1', 'first');
  await symlink('..data/site-d.yaml', join(dir, 'site-d.yaml'));
  const { server, connections, names, reasons } = await connected({ dir });
  expect(names()).toEqual(['site-d']);
  const [connection] = connections.all();
  await version('..2', 'second');
  await eventually(() => connection?.kubeConfig.getCurrentUser()?.token).toBe('second');
  server.put(PATH, secret('one', 'site-d', kubeconfigText()));
  await eventually(reasons).toEqual(['ClusterNameRefused']);
  await rm(join(dir, 'site-d.yaml'));
  await eventually(() => connections.all()[0]?.source.kind).toBe('secret');
  await rm(dir, { recursive: true });
  await eventually(() => connections.problems().join()).toContain(dir);
});

it('refuses a file that is too long without reading it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nkvm-clusters-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'site-e'), 'x'.repeat(200_000));
  const { names, reasons } = await connected({ dir });
  expect([names(), reasons()]).toEqual([[], ['KubeconfigUnreadable']]);
});
