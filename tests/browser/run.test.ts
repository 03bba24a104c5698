import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './support/chromium.ts';
import { expectGoodLooks } from './support/looks.ts';
import type { SeenWorld } from './support/worlds.ts';
import { seeShop } from './support/worlds.ts';

const claim = (namespace: string, name: string) =>
  `/storage/persistentvolumeclaims/${namespace}/${name}`;

/** Presses the button above the claim's details, and waits until bytes flow. */
async function startBig(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Back up', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel the backup of billing/statements' }).waitFor();
  await page
    .getByText(/[\d.]+ [KM]iB/)
    .first()
    .waitFor();
}

describe.skipIf(!findChromium())('of a backup, a person', { timeout: 40_000 }, () => {
  let world: SeenWorld;
  beforeAll(async () => void (world = await seeShop()), 180_000);
  afterAll(() => world?.stop());

  it('reads on the claim’s page that there is none, starts one, and reads what it left', async () => {
    const page = await world.headlamp.open(claim('shop', 'orders-db'));
    await page.getByText('This volume has never been backed up.').waitFor();
    await expectGoodLooks(page.getByText('This volume has never been backed up.'), 'claim-never', [
      'light',
    ]);
    await page.getByRole('button', { name: 'Back up', exact: true }).click();
    await page.getByRole('row').filter({ hasText: 'Succeeded' }).waitFor();
    await expectGoodLooks(page.getByRole('row').filter({ hasText: 'Succeeded' }), 'claim-success', [
      'light',
    ]);
    await page.locator('a[href*="/nkvm/backups/"]').first().click();
    await page.getByRole('heading', { name: 'Backup of shop/orders-db' }).waitFor();
    await page.getByText(/^tar --extract/).waitFor();
    await page.getByText('Seal of the helper pod').waitFor();
    await expectGoodLooks(page.getByText('Seal of the helper pod'), 'run-success', ['light']);
  });

  it('watches bytes flow, and cancels', async () => {
    const page = await world.headlamp.open(claim('billing', 'statements'));
    await startBig(page);
    await expectGoodLooks(
      page.getByRole('button', { name: /^Cancel the backup/ }),
      'claim-running',
      ['light']
    );
    await page.getByRole('button', { name: 'Cancel the backup of billing/statements' }).click();
    await page.getByRole('row').filter({ hasText: 'Cancelled' }).waitFor();
    await page.locator('a[href*="/nkvm/backups/"]').first().click();
    await page.getByText('Cancelled').first().waitFor();
    await expectGoodLooks(page.getByText('Cancelled').first(), 'run-cancelled', ['light']);
  });

  it('reads why one failed whose helper pod was deleted, and what to do', async () => {
    const page = await world.headlamp.open(claim('billing', 'statements'));
    await startBig(page);
    await deleteHelpers(world.kubeUrl, 'billing');
    const failed = page.getByRole('row').filter({ hasText: 'Failed' });
    await failed.locator('a').first().click();
    const alert = page.getByRole('alert').filter({ hasText: 'Failed at stage' });
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/helper/i);
    await expectGoodLooks(alert, 'run-failed', ['light']);
  });
});

async function deleteHelpers(kubeUrl: string, namespace: string): Promise<void> {
  const pods = `${kubeUrl}/api/v1/namespaces/${namespace}/pods`;
  const { items } = (await (await fetch(pods)).json()) as {
    items: { metadata: { name: string } }[];
  };
  const helpers = items
    .map(({ metadata }) => metadata.name)
    .filter(name => name.startsWith('nkvm-'));
  expect(helpers).toHaveLength(1);
  await fetch(`${pods}/${helpers[0]}`, { method: 'DELETE' });
}
