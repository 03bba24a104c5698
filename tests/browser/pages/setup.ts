import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { VolumeList } from '../../../sidecar/api/index.ts';
import { alter, API, holdUp, refuse } from '../support/api.ts';
import { expectGoodLooks } from '../support/looks.ts';
import type { Seen } from '../support/worlds.ts';
import { installElsewhere, silence, uninstall } from '../support/worlds.ts';

const VOLUMES = '/nkvm/volumes';
const BROKEN = { code: 'Internal', message: 'the index cannot be read', hint: 'See its log.' };

/** What a person sees where there is no list of volumes. */
export function setupTests(world: Seen): void {
  it('reads that a cluster without claims has no volumes yet', async () => {
    const page = await world().headlamp.open(VOLUMES, {
      before: async page => {
        await alter<VolumeList>(page, API.volumes, list => ({ ...list, volumes: [] }));
        await page.route(API.changes, route => route.abort());
      },
    });
    const heading = page.getByRole('heading', { name: 'No volumes yet' });
    await expectGoodLooks(heading, 'volumes-empty');
  });

  it('sees that the list is loading', async () => {
    let goOn = () => {};
    const page = await world().headlamp.open(VOLUMES, {
      before: async page => (goOn = await holdUp(page, API.volumes)),
    });
    await expectGoodLooks(page.getByRole('main').getByRole('progressbar'), 'volumes-loading');
    goOn();
    await page.getByRole('button', { name: 'Back up shop/orders-db' }).waitFor();
  });

  it('reads what broke, looks again, and has the list', async () => {
    const page = await world().headlamp.open(VOLUMES, {
      before: page => page.route(API.volumes, refuse(500, BROKEN)),
    });
    await page.getByRole('heading', { name: 'This could not be loaded' }).waitFor();
    await expectGoodLooks(page.getByText(BROKEN.message), 'volumes-error');
    await page.unroute(API.volumes);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Back up shop/orders-db' }).waitFor();
  });

  it('reads the right that is lacking, and how to check it', async () => {
    const kubeUrl = await world().playground.proxyAs('viewer');
    const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
    const page = await headlamp.open(VOLUMES);
    await page.getByRole('heading', { name: 'No access to backups' }).waitFor();
    expect(await page.getByRole('main').innerText()).toMatch(
      /You don’t have permission to create serviceaccounts\/token for nkvm-\w+ in namespace \w+\./
    );
    await page.getByText(/^kubectl auth can-i create/).waitFor();
    await expectGoodLooks(page.getByText(/^kubectl auth can-i create/), 'volumes-no-right');
  });

  it('reads that the service does not answer, and later that it does', async () => {
    const comeBack = await silence(world());
    const page = await world().headlamp.open(VOLUMES);
    await page.getByRole('heading', { name: 'Can’t reach the backup service' }).waitFor();
    await page.getByText('kubectl get pods,events -n nkvm').waitFor();
    await expectGoodLooks(page.getByText('kubectl get pods,events -n nkvm'), 'volumes-unreachable');
    comeBack();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Back up shop/orders-db' }).waitFor();
  });

  it('reads how to install NKVM where it is not installed', async () => {
    await uninstall(world());
    const page = await world().headlamp.open(VOLUMES);
    await page.getByRole('heading', { name: 'Backups are not set up in this cluster' }).waitFor();
    await page.getByText('kubectl apply -k').first().waitFor();
    await expectGoodLooks(page.getByText('kubectl apply -k').first(), 'volumes-not-installed');
  });

  it('finds NKVM in another namespace, and uses it once the person says so', async () => {
    await uninstall(world());
    await installElsewhere(world());
    const headlamp = await world().another({
      clusters: [{ name: 'main', kubeUrl: world().kubeUrl }],
      baseUrl: '/headlamp',
    });
    const page = await headlamp.open(VOLUMES);
    const use = page.getByRole('button', { name: 'Use it, Service volumes in namespace backup' });
    await page.getByText(/A cluster administrator has installed NKVM there/).waitFor();
    await expectGoodLooks(use, 'volumes-elsewhere');
    await use.click();
    const row = page.getByRole('link', { name: 'orders-db', exact: true }).first();
    await row.waitFor();
    await page.reload();
    await row.waitFor();

    await page.goto(`${headlamp.url}/settings/plugins/nkvm`);
    const field = page.getByRole('region', { name: 'main' }).getByLabel('Namespace');
    await expect.poll(() => field.inputValue(), { timeout: 30_000 }).toBe('backup');
    await page.getByRole('button', { name: /^Check NKVM/ }).click();
    // In the present theme only: reloading the page would remove the answer.
    await expectGoodLooks(page.getByText(/A service answers as NKVM does/), 'settings', ['dark']);
  });

  it('saves the places of two clusters in two tabs', async () => {
    const { kubeUrl } = world();
    const clusters = ['main', 'east'].map(name => ({ name, kubeUrl }));
    const headlamp = await world().another({ clusters });
    const first = await headlamp.open('/nkvm/volumes');
    const second = await first.context().newPage();
    const tabs = [
      [first, 'main', 'backup'],
      [second, 'east', 'team'],
    ] as const;
    const fieldOf = (tab: Page, cluster: string) =>
      tab.getByRole('region', { name: cluster, exact: true }).getByLabel('Namespace');
    for (const [tab, cluster] of tabs) {
      await tab.goto(`${headlamp.url}/settings/plugins/nkvm`);
      await fieldOf(tab, cluster).waitFor();
    }
    for (const [tab, cluster, namespace] of tabs) {
      await fieldOf(tab, cluster).fill(namespace);
      await tab.getByRole('button', { name: 'Save' }).click();
      await tab.getByText('Saved.').waitFor();
    }
    // Without a new page, and after one.
    await expect.poll(() => fieldOf(first, 'east').inputValue()).toBe('team');
    await first.reload();
    for (const [, cluster, namespace] of tabs)
      await expect.poll(() => fieldOf(first, cluster).inputValue()).toBe(namespace);
    await second.close();
  });
}
