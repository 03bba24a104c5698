import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Cluster } from '../../../sidecar/api/index.ts';
import { kubeconfigText, TEST_TOKEN } from '../../../sidecar/src/testing/cluster/kubeconfigText.ts';
import {
  aClusterCheck,
  clusterList,
  otherCluster,
  ownCluster,
  refusedCluster,
  unreachableCluster,
} from '../../../src/testing/clusterSamples.ts';
import { API, holdUp, refuse } from '../support/api.ts';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { findRow, isWhole, shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';

const CLUSTERS = '/nkvm/clusters';
const MANY = [ownCluster(), refusedCluster(), otherCluster(), unreachableCluster()];
const LIGHT = ['light'] as const;

/** Answers in place of the sidecar, so that a page shows what a test is about. */
const serve =
  (clusters: Cluster[], may = true) =>
  async (page: Page) =>
    await page.route(API.clusters, async route =>
      route.request().method() === 'GET'
        ? await route.fulfill({ json: clusterList(clusters, may) })
        : await route.fallback()
    );

/** As if `site-b` had what the own cluster has, and `site-c` did not answer. */
async function withOthers(page: Page): Promise<void> {
  await serve(MANY)(page);
  await page.route(API.all, async route => {
    const url = new URL(route.request().url());
    const cluster = url.searchParams.get('cluster');
    if (cluster === 'site-c') return await refuse(503, AWAY)(route);
    if (cluster !== 'site-b') return await route.fallback();
    url.searchParams.delete('cluster');
    await route.continue({ url: url.href });
  });
}
const AWAY = {
  message: 'cluster site-c cannot be reached: connect ECONNREFUSED 10.20.0.5:6443',
};

async function fill(page: Page, kubeconfig: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Add a cluster' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('site-b');
  await dialog.getByLabel('Kubeconfig', { exact: true }).fill(kubeconfig);
  await dialog.getByRole('button', { name: 'Check' }).click();
  return dialog;
}

export function otherClustersTests(world: Seen): void {
  it('sees each with its state, at every width', async () => {
    const page = await world().headlamp.open(CLUSTERS, { before: serve(MANY) });
    const sign = page.getByRole('heading', { name: 'site-c' });
    await expectGoodLooks(sign, 'clusters');
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `pages/clusters-${width}`);
      const overflow = await page.evaluate(
        'document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth'
      );
      expect(overflow, `${width}`).toBe(0);
    }
  });

  it('chooses one above the list of volumes, and sees its volumes, backups and pages', async () => {
    const page = await world().headlamp.open('/nkvm/volumes', { before: withOthers });
    await findRow(page, 'orders-db');
    await page.getByLabel('Cluster', { exact: true }).click();
    await shoot(page, 'pages/other-cluster-choice');
    await page.getByRole('option', { name: 'site-b' }).click();
    const row = await findRow(page, 'orders-db');
    expect(await row.getByRole('link', { name: 'shop', exact: true }).count()).toBe(0);
    await page.getByPlaceholder('Search').fill('');
    await expectGoodLooks(row, 'other-cluster-volumes');
    await row.getByRole('link', { name: 'orders-db', exact: true }).click();
    await page.getByRole('heading', { name: 'Volume shop/orders-db' }).waitFor();
    const chip = page.getByText('Cluster site-b', { exact: true });
    await expectGoodLooks(chip, 'other-cluster-volume', LIGHT);
    const backups = await world().headlamp.open('/nkvm/backups?cluster=site-b', {
      before: withOthers,
    });
    await expectGoodLooks(
      backups.getByRole('heading', { name: 'Backups', exact: true }),
      'other-cluster-backups',
      LIGHT
    );
  });

  it('sees all clusters at once at every width, and which of them does not answer', async () => {
    const page = await world().headlamp.open('/nkvm/volumes?cluster=*', { before: withOthers });
    await expectGoodLooks(page.getByText(/connect ECONNREFUSED/), 'all-clusters');
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await page.getByRole('link', { name: 'orders-db', exact: true }).first().waitFor();
      await shoot(page, `pages/all-clusters-${width}`);
      expect(await isWhole(page), `${width}`).toBe(true);
    }
  });

  it('sees only that of NKVM at first, from the sidecar itself', async () => {
    const page = await world().headlamp.open(CLUSTERS);
    const sign = page.getByText(/^NKVM backs up this cluster only/);
    await expectGoodLooks(sign, 'clusters-empty', LIGHT);
  });

  it('sees that the list is loading, and what broke', async () => {
    let goOn = () => {};
    const page = await world().headlamp.open(CLUSTERS, {
      before: async page => (goOn = await holdUp(page, API.clusters)),
    });
    await expectGoodLooks(
      page.getByRole('main').getByRole('progressbar'),
      'clusters-loading',
      LIGHT
    );
    goOn();
    await page.getByText(/^NKVM backs up this cluster only/).waitFor();
    const broken = await world().headlamp.open(CLUSTERS, {
      before: page =>
        page.route(
          API.clusters,
          refuse(500, { code: 'Internal', message: 'it broke', hint: 'See its log.' })
        ),
    });
    await expectGoodLooks(broken.getByText(/it broke/i), 'clusters-error', LIGHT);
  });

  it('reads the right that is lacking', async () => {
    const page = await world().headlamp.open(CLUSTERS, { before: serve(MANY, false) });
    const said = page.getByRole('paragraph').filter({ hasText: /create clusters\.nkvm\.io/ });
    await expectGoodLooks(said, 'clusters-no-right', LIGHT);
  });

  it('reads why the sidecar refuses a kubeconfig', async () => {
    const page = await world().headlamp.open(CLUSTERS);
    const logged: string[] = [];
    page.on('console', message => logged.push(message.text()));
    const dialog = await fill(page, kubeconfigText({ user: { exec: { command: 'aws' } } }));
    const sign = dialog.getByText(/^The field user\.exec of the kubeconfig starts a program/);
    await expectGoodLooks(sign, 'clusters-add-refused', LIGHT);
    expect(logged.join('\n')).not.toContain(TEST_TOKEN);
  });

  it('reads what a check has found, and how to prepare the other cluster', async () => {
    const page = await world().headlamp.open(CLUSTERS, {
      before: async page => {
        await serve(MANY)(page);
        await page.route(API.clusters, async route =>
          route.request().method() === 'POST'
            ? await route.fulfill({
                json: aClusterCheck({
                  mayTooMuch: true,
                  missing: [{ verb: 'list', group: 'apps', resource: 'deployments', purpose: 'x' }],
                }),
              })
            : await route.fallback()
        );
      },
    });
    const dialog = await fill(page, kubeconfigText());
    await dialog.getByRole('button', { name: 'Add the cluster' }).waitFor();
    await expectGoodLooks(dialog.getByText('list deployments.apps'), 'clusters-add', LIGHT);
    await dialog.getByRole('button', { name: 'How to prepare the other cluster' }).click();
    const commands = dialog.getByText(/kubectl config set-cluster site-b/);
    await expectGoodLooks(commands, 'clusters-prepare', LIGHT);
  });
}
