import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ClusterCheck, ClusterList } from '../../sidecar/api/index.ts';
import { allowRestoresCommand, openNamespaceCommand } from '../../sidecar/api/names.ts';
import { findChromium } from '../browser/support/chromium.ts';
import type { Headlamp } from '../browser/support/headlamp.ts';
import { findRow, headlampOver, shoot } from '../browser/support/page.ts';
import { allBlocks, ROOT } from '../docs/support/blocks.ts';
import { run } from './machine/run.ts';
import { runInVolume } from './support/inVolume.ts';
import { kubeconfigPath, kubectl } from './support/kubectl.ts';
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
  // Another cluster of this name is refused as long as this history is there.
  const history = '/var/lib/nkvm/metadata/clusters/site-b';
  kubectl(['exec', '--namespace=nkvm', 'deployment/nkvm', '--', 'rm', '-rf', history]);
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

const hasBrowser = findChromium() !== undefined;
if (!hasBrowser) console.warn('No Chromium on this machine: the tests in a browser are skipped.');

describe.skipIf(!hasBrowser)('in Headlamp, a person', () => {
  let headlamp: Headlamp;
  let remoteProxy: ServiceProxy;
  /** As Headlamp calls the second cluster. NKVM calls it site-b. */
  const HEADLAMPS_NAME = 'edge';
  /** In the first cluster. */
  const NAMESPACE = 'from-site-b';
  const LONG = { timeout: 120_000 };
  const DIGESTS = 'find . -type f | sort | xargs sha256sum';
  const inRemote = (claim: string, script: string): string =>
    runInVolume(remote.kubectl, { namespace: 'shop', claim }, script);

  const makeClaim = (name: string): string =>
    remote.kubectl(
      ['create', '--filename=-'],
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace: 'shop' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'fast',
          resources: { requests: { storage: '1Gi' } },
        },
      })
    );
  /** Clicks Back up in the list, and follows the link to the run. */
  async function backUpIn(page: Page, namespace: string, name: string): Promise<void> {
    const row = await findRow(page, name);
    await row.getByRole('button', { name: /^Back up/ }).click();
    await page.getByRole('button', { name: 'Watch', exact: true }).click();
    await page.getByRole('heading', { name: `Backup of ${namespace}/${name}` }).waitFor(LONG);
  }
  const succeeded = (page: Page): Promise<void> =>
    page.getByText('Succeeded', { exact: true }).first().waitFor(LONG);

  beforeAll(async () => {
    remoteProxy = await apiThroughServiceProxy(remote.adminKubeconfig);
    headlamp = await headlampOver({
      clusters: [
        { name: 'main', kubeUrl: proxy.origin },
        { name: HEADLAMPS_NAME, kubeUrl: remoteProxy.origin },
      ],
    });
    kubectl(['create', 'namespace', NAMESPACE]);
    for (const command of [openNamespaceCommand(NAMESPACE), allowRestoresCommand(NAMESPACE)]) {
      bash(command, kubeconfigPath());
    }
    makeClaim('journal');
    inRemote('journal', 'mkdir 2026 && seq 1 100000 > 2026/entries && echo paid > state');
    makeClaim('noise');
    inRemote('noise', 'head -c 400M /dev/urandom > noise');
  });
  afterAll(async () => {
    await headlamp?.close();
    await remoteProxy?.stop();
    kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
  });

  it('adds it by pasting its kubeconfig, backs it up, and restores it into the first cluster', async () => {
    const page = await headlamp.open('/nkvm/clusters');
    await page.getByRole('button', { name: 'Add a cluster' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('site-b');
    await dialog.getByLabel('Kubeconfig', { exact: true }).fill(kubeconfig());
    await dialog.getByRole('button', { name: 'Check' }).click();
    await dialog.getByRole('button', { name: 'Add the cluster' }).click(LONG);
    await page.getByRole('link', { name: 'Volumes & Backups of site-b' }).click(LONG);

    await backUpIn(page, 'shop', 'journal');
    await page.getByText('Cluster site-b', { exact: true }).waitFor();
    await succeeded(page);
    await shoot(page, 'cluster/remote-run');

    await page.getByRole('link', { name: 'Restore shop/journal' }).click();
    await page.getByRole('button', { name: 'Next', exact: true }).click(LONG);
    await page.getByLabel('Cluster to restore into').click();
    await page.getByRole('option', { name: 'main', exact: true }).click();
    await page.getByRole('combobox', { name: 'Namespace' }).fill(NAMESPACE);
    await page.getByLabel('Name', { exact: true }).fill('journal');
    await page.getByRole('button', { name: 'See what will happen' }).click();
    await page.getByText('Into cluster').waitFor(LONG);
    await shoot(page, 'cluster/remote-restore-plan');
    await page.getByRole('button', { name: 'Start the restore' }).click();
    await page.getByText('The data is restored').waitFor(LONG);
    const restored = runInVolume(kubectl, { namespace: NAMESPACE, claim: 'journal' }, DIGESTS);
    expect(restored).toContain('2026/entries');
    expect(restored).toBe(inRemote('journal', DIGESTS));
  });

  it('sees it on its own pages, by the NKVM that recognises it, once the person has said so', async () => {
    const page = await headlamp.open(`/c/${HEADLAMPS_NAME}/nkvm/volumes`);
    await page.getByRole('button', { name: 'Look in the other clusters' }).click(LONG);
    await page
      .getByText('The NKVM of cluster main backs up this cluster under the name site-b.')
      .waitFor(LONG);
    await shoot(page, 'cluster/remote-own-page-found');
    await page.getByRole('button', { name: 'Use the NKVM of cluster main' }).click();

    const row = await findRow(page, 'journal');
    await shoot(page, 'cluster/remote-own-page');
    await page.getByPlaceholder('Search').fill('orders-db');
    await row.waitFor({ state: 'detached' });
    expect(await page.getByRole('link', { name: 'orders-db', exact: true }).count()).toBe(0);
    await backUpIn(page, 'shop', 'journal');
    await succeeded(page);
    const { pathname, origin } = new URL(page.url());
    expect(pathname).toMatch(new RegExp(`^/c/${HEADLAMPS_NAME}/nkvm/backups/`));

    const id = pathname.split('/').at(-1) ?? '';
    const answer = await proxy.fetch(`/api/v1/backups/${id}`, token());
    expect(await answer.json()).toMatchObject({ cluster: 'site-b', status: 'success' });
    await page.goto(`${origin}/c/${HEADLAMPS_NAME}/storage/persistentvolumeclaims/shop/journal`);
    await page.locator(`a[href*="/nkvm/backups/${id}?"]`).waitFor(LONG);
  });

  it('sees a run fail by the name of its cluster, which goes down, while the first cluster goes on', async () => {
    const there = await headlamp.open('/nkvm/volumes?cluster=site-b');
    await backUpIn(there, 'shop', 'noise');
    await there.getByText(/[\d.]+ [KM]iB\/s/).waitFor(LONG);
    remote.stopApi();
    onTestFinished(() => remote.startApi());

    const here = await headlamp.open('/nkvm/volumes');
    await backUpIn(here, NAMESPACE, 'journal');
    await succeeded(here);

    await there.getByText('ClusterUnreachable').first().waitFor(LONG);
    await there.getByText(/^Cluster site-b has not answered for 20 s/).waitFor();
    await shoot(there, 'cluster/remote-run-failed');
  });

  it('removes it', async () => {
    const page = await headlamp.open('/nkvm/clusters');
    await page.getByRole('button', { name: 'Remove cluster site-b' }).click(LONG);
    await page.getByRole('button', { name: 'Remove the cluster' }).click();
    await until('the cluster is gone', async () => !(await stateOf('site-b')), 60_000);
  });
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
